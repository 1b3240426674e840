import Shared

/// What is appended to a file from now on.
///
/// A child that writes into a file outlives us: with a pipe the next thing that it prints after our
/// death would kill it.
final class GrowingFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// - Throws: `Failure` where it can be neither made nor read.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))") }
        lseek(descriptor, 0, SEEK_END)
    }

    deinit { close(descriptor) }

    /// What came since the last call; empty where nothing did.
    func news() -> ArraySlice<UInt8> {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return all[...] }
            all += buffer[..<count]
        }
    }
}
