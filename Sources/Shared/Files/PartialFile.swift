/// A file that is being written, under a name that no reader takes for a whole one.
///
/// The name follows from the final one, so a writer that was killed leaves at most one, which the
/// next writer of the same file takes over; a lock makes two writers take turns.
package struct PartialFile: ~Copyable {
    let descriptor: Int32
    private let path: String
    private let finalPath: String

    static let prefix = ".train-partial-"

    /// Whether a file of that name is a half-written one of this engine.
    package static func isPartial(_ name: String) -> Bool { name.utf8.starts(with: prefix.utf8) }

    /// Where the bytes of `finalPath` gather until they are whole.
    static func path(for finalPath: String) -> String {
        let name = finalPath.split(separator: "/").last.map(String.init) ?? ""
        return path(in: parentDirectory(finalPath), for: name)
    }

    /// A place in `directory` for what is known as `name`; hashed, since with any more in front of
    /// it a name of 255 bytes would be too long.
    static func path(in directory: String, for name: String) -> String {
        "\(directory)/\(prefix)\(SHA256.hex(Array(name.utf8)).prefix(16))"
    }

    /// Opens the partial file of `finalPath`, empty, in the same directory.
    ///
    /// - Throws: `Failure` naming the path.
    init(for finalPath: String) throws {
        self.finalPath = finalPath
        path = Self.path(for: finalPath)
        descriptor = try Self.lockedFile(at: path, for: finalPath)
    }

    deinit { close(descriptor) }

    private static func lockedFile(at path: String, for finalPath: String) throws -> Int32 {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(finalPath))") }
            while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
            var opened = stat()
            var named = stat()
            // The former holder of the lock renamed the file away: begin again.
            if fstat(descriptor, &opened) == 0, lstat(path, &named) == 0,
                opened.st_ino == named.st_ino, opened.st_dev == named.st_dev,
                ftruncate(descriptor, 0) == 0
            {
                return descriptor
            }
            close(descriptor)
        }
    }

    /// Makes it the whole file: fsync, rename. The directory is the caller's to sync, once for all.
    func publish() throws {
        guard fsync(descriptor) == 0, rename(path, finalPath) == 0 else {
            throw systemFailure("cannot write \(quoted(finalPath))")
        }
    }

    /// Removes it: what failed must not fill the disk.
    func discard() { unlink(path) }
}
