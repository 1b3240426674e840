import Shared

/// How much lies in a directory by now, half-written files included.
struct TreeSize: Sendable, Equatable {
    private(set) var files = 0
    private(set) var bytes: Int64 = 0
    /// Any link in it; none is followed.
    private(set) var firstLink: String?

    /// What vanishes while it is counted does not count.
    init(of directory: String) { walk(directory) }

    private mutating func walk(_ directory: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            let path = directory + "/" + name
            var information = stat()
            guard lstat(path, &information) == 0 else { continue }
            switch information.st_mode & S_IFMT {
            case S_IFDIR: walk(path)
            case S_IFREG:
                files += 1
                bytes = [bytes, Int64(information.st_size)].byteSum
            case S_IFLNK: firstLink = firstLink ?? path
            default: continue
            }
        }
    }
}
