/// The size of the file that a path leads to, in bytes; 0 where there is none.
package func fileSize(_ path: String) -> Int64 {
    var information = stat()
    return stat(path, &information) == 0 ? Int64(information.st_size) : 0
}

/// The size of a directory's content, half-written files included.
package struct TreeSize: Sendable, Equatable {
    package private(set) var files = 0
    package private(set) var bytes: Int64 = 0
    /// Any link in it; none is followed.
    package private(set) var firstLink: String?

    /// Counts a tree, or a file alone. What vanishes while it is counted does not count.
    package init(of path: String) { add(path) }

    private mutating func add(_ path: String) {
        var information = stat()
        guard lstat(path, &information) == 0 else { return }
        switch information.st_mode & S_IFMT {
        case S_IFDIR:
            for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
                add("\(path)/\(name)")
            }
        case S_IFREG:
            files += 1
            bytes = [bytes, Int64(information.st_size)].byteSum
        case S_IFLNK: firstLink = firstLink ?? path
        default: return
        }
    }
}
