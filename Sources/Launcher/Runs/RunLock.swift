import Shared

/// Keeps a second launcher off one run for as long as it lives.
///
/// The lock is on the run's folder itself (flock on a directory), so nothing is left behind, and
/// the kernel lets it go when a launcher is killed.
final class RunLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// - Returns: nil where the folder is gone.
    /// - Throws: `Failure` where another launcher holds it.
    static func take(_ folder: RunFolder, of run: RunName) throws -> RunLock? {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw systemFailure("cannot open \(quoted(folder.path))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw systemFailure("cannot lock \(quoted(folder.path))", code: code)
            }
            throw Failure(
                "another train is at work on \(run) right now",
                hint: "wait until it has ended, then call this again")
        }
        guard isStillThere(descriptor, folder.path) else {
            close(descriptor)
            return nil
        }
        return RunLock(descriptor: descriptor)
    }

    /// Between our open and our lock its holder may have removed the folder, or made a new one.
    private static func isStillThere(_ descriptor: Int32, _ path: String) -> Bool {
        var mine = stat()
        var current = stat()
        return fstat(descriptor, &mine) == 0 && stat(path, &current) == 0
            && mine.st_ino == current.st_ino && mine.st_dev == current.st_dev
    }
}
