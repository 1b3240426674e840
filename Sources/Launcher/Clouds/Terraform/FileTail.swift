import Shared

/// Reads what is appended to a file from now on.
///
/// A child that writes into a file survives this process; a broken pipe would kill it at its next
/// line.
final class FileTail: Sendable {
    let path: String
    private let descriptor: Int32

    /// - Throws: `Failure` if the file can be neither created nor read.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))") }
        lseek(descriptor, 0, SEEK_END)
    }

    deinit { close(descriptor) }

    /// The bytes appended since the last call.
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
