/// Writes whole files or nothing.
package enum AtomicFile {
    /// Writes to a temporary name beside `path`, fsyncs it, renames it, fsyncs the directory.
    ///
    /// The last step is there because a rename alone was lost in a power cut.
    ///
    /// - Throws: `Failure` naming the path; the former file is then untouched.
    package static func write(_ data: Data, to path: String, mode: mode_t = 0o644) throws {
        let directory = parentDirectory(path)
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
        do {
            // Once, however it ends: by a second close the number may be somebody else's file.
            defer { close(descriptor) }
            try writeAll(data, to: descriptor, path: path)
            guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
                throw systemFailure("cannot write \(quoted(path))")
            }
        } catch {
            unlink(temporary)
            throw error
        }
        syncDirectory(directory)
    }

    /// Makes a rename in `directory` survive a power cut.
    package static func syncDirectory(_ directory: String) {
        let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Writes every byte, going on after short writes and EINTR.
    package static func writeAll(_ data: Data, to descriptor: Int32, path: String) throws {
        try data.withUnsafeBytes { try writeAll($0, to: descriptor, path: path) }
    }

    /// Writes every byte, going on after short writes and EINTR.
    package static func writeAll(
        _ buffer: UnsafeRawBufferPointer, to descriptor: Int32, path: String
    ) throws {
        var rest = buffer
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = Swift.min(rest.count, 1 << 30)
            let written = systemWrite(descriptor, base, count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw systemFailure("cannot write \(quoted(path))") }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    private static func systemWrite(
        _ descriptor: Int32, _ base: UnsafeRawPointer, _ count: Int
    ) -> Int {
        // Apart, since `write` inside this type means the method above.
        #if canImport(Glibc)
            Glibc.write(descriptor, base, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, base, count)
        #else
            Darwin.write(descriptor, base, count)
        #endif
    }
}

/// Everything before the last slash; "." where there is none.
package func parentDirectory(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Everything after the last slash.
package func fileName(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
}

/// Makes `path` and its parents.
///
/// - Throws: `Failure` naming the path.
package func makeDirectories(_ path: String, mode: mode_t = 0o755) throws {
    if mkdir(path, mode) == 0 || (errno == EEXIST && isDirectory(path)) { return }
    guard errno == ENOENT, parentDirectory(path) != path else {
        throw systemFailure("cannot make the directory \(quoted(path))")
    }
    try makeDirectories(parentDirectory(path), mode: mode)
    guard mkdir(path, mode) == 0 || (errno == EEXIST && isDirectory(path)) else {
        throw systemFailure("cannot make the directory \(quoted(path))")
    }
}

/// Reads a whole file, at most `limit` bytes.
///
/// - Throws: `Failure` naming the path and the reason.
package func readFile(_ path: String, limit: Int = JSONFormat.maximumBytes) throws -> Data {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemFailure("cannot read \(quoted(path))") }
    defer { close(descriptor) }
    return try readAll(descriptor, path: path, limit: limit)
}

/// Reads a whole file that anybody may have written: a regular one alone, at most `limit` bytes.
///
/// A pipe would keep the reader for ever and a device would never end: both are refused. A link to a
/// regular file is followed.
///
/// - Parameter check: looks at the file that was opened, and throws where it is not to be read.
/// - Throws: `Failure` naming the path and the reason.
package func readRegularFile(
    _ path: String, limit: Int = JSONFormat.maximumBytes, check: (stat) throws -> Void = { _ in }
) throws -> Data {
    try withRegularFile(path) { descriptor, information in
        try check(information)
        return try readAll(descriptor, path: path, limit: limit)
    }
}

/// Opens a file that anybody may have written, for reading, where it is a regular one.
///
/// - Throws: `Failure` naming the path and the reason; what `body` throws.
func withRegularFile<Result>(
    _ path: String, _ body: (_ descriptor: Int32, stat) throws -> Result
) throws -> Result {
    // Without O_NONBLOCK the open of a pipe waits for its writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemFailure("cannot read \(quoted(path))") }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
        throw systemFailure("cannot read \(quoted(path))")
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
        throw Failure("\(quoted(path)) is not a regular file")
    }
    return try body(descriptor, information)
}

private func readAll(_ descriptor: Int32, path: String, limit: Int) throws -> Data {
    var data = Data()
    try forEachPiece(of: descriptor, path: path, upTo: 1 << 16) { piece in
        data.append(contentsOf: piece)
        guard data.count <= limit else {
            throw Failure("\(quoted(path)) is larger than \(limit) bytes")
        }
    }
    return data
}
