import Shared

/// Keeps a second agent out of a work directory for as long as this value lives.
///
/// By flock(2): the kernel lets it go when the process dies, however it dies.
final class WorkLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `Failure` where another agent holds it.
    init(directory: String) throws {
        let path = directory + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Failure(
                "another train-agent is running in \(quoted(directory))",
                hint: "see it with: train-agent status --work_directory \(directory)")
        }
    }

    deinit { close(descriptor) }
}
