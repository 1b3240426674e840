/// Reads parts of files that grow.
package enum FileRange {
    /// The bytes of `range` of a regular file, fewer where it ends earlier; nil where there is no file.
    ///
    /// - Throws: `Failure` where it cannot be read, or is a pipe or device, which might never end.
    package static func read(_ range: Range<Int64>, of path: String) throws -> Data? {
        guard let descriptor = try open(path) else { return nil }
        defer { close(descriptor) }
        var data = Data(count: range.count)
        let count = try data.withUnsafeMutableBytes { buffer in
            var filled = 0
            while filled < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                let count = pread(
                    descriptor, rest.baseAddress, rest.count,
                    off_t(range.lowerBound + Int64(filled)))
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { throw systemFailure("cannot read \(quoted(path))") }
                if count == 0 { break }
                filled += count
            }
            return filled
        }
        return data.prefix(count)
    }

    /// The size of a regular file in bytes; 0 if there is none.
    ///
    /// - Throws: `Failure` where it cannot be read.
    package static func size(of path: String) throws -> Int64 {
        guard let descriptor = try open(path) else { return 0 }
        defer { close(descriptor) }
        return Int64(lseek(descriptor, 0, SEEK_END))
    }

    private static func open(_ path: String) throws -> Int32? {
        // Without O_NONBLOCK the open of a pipe waits for its writer.
        let descriptor = systemOpen(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw systemFailure("cannot read \(quoted(path))")
        }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure("\(quoted(path)) is not a regular file")
        }
        return descriptor
    }
}

/// open(2), whose name means another function inside the type above.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }
