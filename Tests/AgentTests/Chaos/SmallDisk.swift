import Shared

@testable import Agent

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

    /// Takes every byte that is left.
    static func fill(_ path: String) throws {
        let descriptor = systemOpen(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
        defer { close(descriptor) }
        for size in [1 << 16, 1 << 12, 1] {
            let piece = [UInt8](repeating: 7, count: size)
            while piece.withUnsafeBytes({ systemWrite(descriptor, $0) }) > 0 {}
        }
    }

    /// At once, whoever still has files there.
    static func unmount(_ path: String) {
        #if os(Linux)
            umount2(path, Int32(MNT_DETACH))
        #endif
    }
}
