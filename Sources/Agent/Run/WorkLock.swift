import Shared

/// Keeps a second agent out of a work directory for as long as this value lives.
///
/// By flock(2): the kernel lets it go when the process dies, however it dies.
final class WorkLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `Failure` where another agent holds it.
    init(_ work: WorkDirectory) throws {
        let path = work.lock
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))") }
        // Where this throws, `deinit` closes: all of the object is there.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(
                "another train-agent is running in \(quoted(work.path))",
                hint: "see it with: train-agent status --work_directory \(work.path); another "
                    + "--output_directory, or another --work_directory, runs beside it")
        }
        // `train-agent stop` reads it. Without the number the lock still keeps others out.
        _ = ftruncate(descriptor, 0)
        try? AtomicFile.writeAll(Data("\(getpid())\n".utf8), to: descriptor, path: path)
    }

    /// The process that holds the lock of `work`; nil where none does.
    ///
    /// An agent that starts at the same moment can find the lock taken: callers ask once.
    static func holder(of work: WorkDirectory) -> Int32? {
        let descriptor = open(work.lock, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK,
            let data = try? readFile(work.lock, limit: 64)
        else { return nil }
        return Int32(String(decoding: data, as: UTF8.self)[...].trimmed)
    }

    deinit { close(descriptor) }
}
