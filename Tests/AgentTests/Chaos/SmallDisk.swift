import Shared

/// A file system of its own in memory, so small that a test can fill it.
enum SmallDisk {
    /// Whether this process may mount one.
    static let isPossible: Bool = {
        guard let place = try? TemporaryDirectory() else { return false }
        defer { place.remove() }
        guard (try? make(at: place.path, megabytes: 1)) != nil else { return false }
        unmount(place.path)
        return true
    }()

    static func make(at path: String, megabytes: Int) throws {
        #if os(Linux)
            guard mount("none", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
                throw systemFailure("cannot mount \(quoted(path))")
            }
        #else
            throw Failure("there is no tmpfs here")
        #endif
    }

    /// At once, whoever still has files there.
    static func unmount(_ path: String) {
        #if os(Linux)
            umount2(path, Int32(MNT_DETACH))
        #endif
    }
}
