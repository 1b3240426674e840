import Shared

/// Held by a `finish` that downloads, and by its tools: they may outlive one that is killed, and must
/// not write among the files that the next one has checked.
///
/// The caller holds the run's own lock, so the holder of this one is such a tool.
final class DownloadLock: Sendable {
    let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Ends the tools that are left of a former call, or, where the system does not tell which they
    /// are (macOS), waits for them.
    ///
    /// - Throws: `Failure` where the run's folder cannot be written; `CancellationError`.
    static func take(in folder: RunFolder, steps: Steps) async throws -> DownloadLock {
        let path = folder.path + "/download.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
        let lock = DownloadLock(descriptor: descriptor)
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return lock }
        steps.line.say("  ending a download that a former call left at work …")
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw systemFailure("cannot lock \(quoted(path))")
            }
            // It waits until they are gone.
            await offTaskThreads { OrphanedTransfers.end(of: folder.path) }
            try await steps.clock.sleep(for: .milliseconds(100))
        }
        return lock
    }
}
