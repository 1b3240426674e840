import Shared

/// Terraform's state in the run's folder.
struct StateFile: Sendable {
    let path: String

    init(in directory: String) { path = directory + "/terraform.tfstate" }

    /// Whether anything may have been created from this folder.
    var exists: Bool { Shared.exists(path) }

    /// The process of the Terraform that works on it now; nil if there is none.
    ///
    /// Terraform holds a POSIX lock on the file until it ends (its statemgr/filesystem_lock_unix.go),
    /// also if its launcher is killed.
    var holder: Int32? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else {
            return nil
        }
        return lock.l_pid
    }

    /// Returns once no Terraform works on it.
    ///
    /// - Throws: `CancellationError`.
    func waitUntilFree(_ line: LiveLine, clock: any Clock<Duration>) async throws {
        guard let first = holder else { return }
        line.say("  waiting for the Terraform (process \(first)) of a train that was killed")
        while holder != nil { try await clock.sleep(for: .milliseconds(200)) }
    }
}
