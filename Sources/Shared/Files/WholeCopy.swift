import CPosix

/// Copies one file so that its new name never shows anything but a whole file.
package enum WholeCopy {
    /// Copies `source` to `target`, with its time, replacing; nothing where the two are equal.
    ///
    /// Size and time alone do not make them equal, the CRC32C must agree too: a same-size change
    /// within one tick of the clock must not be missed.
    ///
    /// - Throws: `Failure` naming the path; `target` is then as it was.
    package static func copy(_ source: String, to target: String) throws {
        let input = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard input >= 0 else { throw systemFailure("cannot read \(quoted(source))") }
        defer { close(input) }
        var information = stat()
        guard fstat(input, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw Failure("cannot read \(quoted(source)): it is not a file")
        }
        if isEqual(input, information, target) { return }
        lseek(input, 0, SEEK_SET)
        let partial = try PartialFile(for: target)
        do {
            if cposix_reflink(partial.descriptor, input) != 0 {
                try forEachPiece(of: input, path: source) { piece in
                    try AtomicFile.writeAll(piece, to: partial.descriptor, path: target)
                }
            }
            setTime(of: partial.descriptor, from: information)
            try partial.publish()
        } catch {
            partial.discard()
            throw error
        }
    }

    private static func setTime(of descriptor: Int32, from information: stat) {
        #if canImport(Darwin)
            let times = [information.st_mtimespec, information.st_mtimespec]
        #else
            let times = [information.st_mtim, information.st_mtim]
        #endif
        futimens(descriptor, times)
    }

    /// Whether `target` already holds what `input` does, its time included.
    private static func isEqual(_ input: Int32, _ information: stat, _ target: String) -> Bool {
        let existing = open(target, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard existing >= 0 else { return false }
        defer { close(existing) }
        var found = stat()
        guard fstat(existing, &found) == 0, found.st_mode & S_IFMT == S_IFREG,
            found.st_size == information.st_size, isSameTime(found, information)
        else { return false }
        let ours = try? CRC32C.ofFile(descriptor: input, path: target)
        let theirs = try? CRC32C.ofFile(descriptor: existing, path: target)
        return ours != nil && ours == theirs
    }

    private static func isSameTime(_ one: stat, _ other: stat) -> Bool {
        #if canImport(Darwin)
            let (left, right) = (one.st_mtimespec, other.st_mtimespec)
        #else
            let (left, right) = (one.st_mtim, other.st_mtim)
        #endif
        return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec
    }
}
