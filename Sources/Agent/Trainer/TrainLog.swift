import Shared
import Synchronization

/// The trainer's log, also where the training has deleted it: some empty their logs directory when they
/// begin, and what they print goes on into a file that has no name any more.
final class TrainLog: Sendable {
    private let path: String
    private let held = Mutex<Int32>(-1)

    init(path: String) { self.path = path }

    deinit { replace(with: -1) }

    private func replace(with descriptor: Int32) {
        held.withLock { held in
            if held >= 0 { close(held) }
            held = descriptor
        }
    }

    /// Holds the file that the trainer's keeper, and all below it, prints into (proc(5)).
    func hold(of keeper: ProcessIdentity) {
        replace(with: open("/proc/\(keeper.pid)/fd/1", O_RDONLY | O_CLOEXEC | O_NONBLOCK))
    }

    /// Adds what was printed into a deleted log to the one that is there now.
    ///
    /// - Returns: whether it was deleted.
    /// - Throws: `Failure` where the disk does not take it.
    func putBack() throws -> Bool {
        let descriptor = held.withLock { $0 }
        var information = stat()
        guard descriptor >= 0, fstat(descriptor, &information) == 0,
            information.st_mode & S_IFMT == S_IFREG, information.st_nlink == 0
        else { return false }
        try makeDirectories(parentDirectory(path))
        let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard log >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
        defer { close(log) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: off_t = 0
        while true {
            let count = pread(descriptor, &buffer, buffer.count, offset)
            guard count > 0 else { return true }
            try AtomicFile.writeAll(Data(buffer[..<count]), to: log, path: path)
            offset += off_t(count)
        }
    }
}
