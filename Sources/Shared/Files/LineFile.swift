/// A file of lines that only grows, and that one process alone writes.
package enum LineFile {
    /// Appends whole lines, or nothing: half a line would spoil the next one.
    ///
    /// - Throws: `Failure` naming the path and the reason.
    package static func append(_ lines: Data, to path: String, mode: mode_t = 0o644) throws {
        // A trainer can put a link or a pipe in its place.
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = open(path, flags, mode)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        do {
            try AtomicFile.writeAll(lines, to: descriptor, path: path)
        } catch {
            if size >= 0 { ftruncate(descriptor, size) }
            throw error
        }
    }
}
