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
    /// The name of former versions, which all runs beside each other shared.
    private static let formerName = ".train-staging"

    /// - Parameter sharedMemory: the directory of a file system in memory.
    init(output: String, stateDirectory: String, sharedMemory: String = "/dev/shm") {
        // Named after user and state directory, so that no two agents of one machine meet.
        let digest = SHA256.hex(Array(stateDirectory.utf8)).prefix(16)
        let name = "train-staging-\(geteuid())-\(digest)"
        let parent = parentDirectory(output)
        let isOwnFine = Self.device(stateDirectory) == Self.device(output)
        let isBesideFine =
            Self.device(parent) == Self.device(output) && access(parent, W_OK) == 0
            && OwnDirectory.keepsNames(parent)
        directory = !isOwnFine && isBesideFine ? "\(parent)/.\(name)" : stateDirectory + "/staging"
        memory = "\(sharedMemory)/\(name)"
        former = "\(parent)/\(Self.formerName)"
    }

    private let former: String

    /// Makes it, empty: what a former process left there belongs to no transfer any more.
    ///
    /// - Throws: `Failure` where it cannot be made, or somebody else has taken its name.
    func prepare() throws {
        for path in [directory, memory, former] { Self.removeOwn(path) }
        try OwnDirectory.make(directory)
    }

    /// Makes the place in memory, which is not there unless the disk is full.
    ///
    /// - Throws: `Failure` where it cannot be made, or somebody else has taken its name.
    func makeMemory() throws { try OwnDirectory.make(memory) }

    /// Removes a directory of this user's; what belongs to others, or is a link, stays.
    private static func removeOwn(_ path: String) {
        var information = stat()
        guard lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR,
            information.st_uid == geteuid()
        else { return }
        removeTree(path)
    }

    /// Whether a copy of `size` bytes may be made at `path` without taking the disk from others.
    static func hasRoom(for size: Int64, at path: String) -> Bool {
        guard let free = FreeSpace.bytes(at: path) else { return true }
        return size <= free / 2
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
