import Shared

/// Where frozen files lie until they are up.
///
/// Hard links and reflinks need the file system of `output/`, so the place is there where that is
/// possible: in the state directory, or hidden beside `output/`. In memory where the disk is full.
struct StagingPlace: Sendable {
    let directory: String
    /// In memory, for small files alone.
    let memory: String
    /// Where a restore downloads to.
    var restored: String { directory + "-restore" }

    /// The largest file that is staged in memory.
    static let largestInMemory: Int64 = 64 << 20
    private static let hiddenName = ".train-staging"

    init(output: String, stateDirectory: String) {
        let own = stateDirectory + "/staging"
        let beside = parentDirectory(output) + "/" + Self.hiddenName
        let isOwnFine = Self.device(stateDirectory) == Self.device(output)
        let isBesideFine =
            Self.device(parentDirectory(output)) == Self.device(output)
            && access(parentDirectory(output), W_OK) == 0
        directory = !isOwnFine && isBesideFine ? beside : own
        // Named after the state directory, so that several agents of one machine do not meet.
        let digest = SHA256.hex(Array(stateDirectory.utf8)).prefix(16)
        memory = "/dev/shm/train-staging-\(digest)"
    }

    /// Makes it, empty: what a former process left there belongs to no transfer any more.
    ///
    /// - Throws: `Failure` where it cannot be made.
    func prepare() throws {
        removeTree(directory)
        removeTree(memory)
        try makeDirectories(directory, mode: 0o700)
    }

    /// Whether a copy of `size` bytes may be made at `path` without taking the disk from others.
    static func hasRoom(for size: Int64, at path: String) -> Bool {
        guard let free = freeBytes(at: path) else { return true }
        return size <= free / 2
    }

    static func freeBytes(at path: String) -> Int64? {
        var information = statvfs()
        guard statvfs(path, &information) == 0 else { return nil }
        return Int64(clamping: UInt64(information.f_bavail) &* UInt64(information.f_frsize))
    }

    /// Of `path`, or of the nearest directory above it that is there by now.
    private static func device(_ path: String) -> dev_t? {
        var information = stat()
        if stat(path, &information) == 0 { return information.st_dev }
        return parentDirectory(path) == path ? nil : device(parentDirectory(path))
    }
}

/// Removes a directory and all in it; what cannot be removed stays.
func removeTree(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
