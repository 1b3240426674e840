/// Finds the files of scalars that frameworks write: event files of TensorBoard, and tables.
package enum ScalarFileSearch {
    private static let mostEntries = 100_000
    private static let mostFiles = 1000
    private static let mostDepth = 16

    /// Whether a file of this name is read for scalars.
    package static func isScalarFile(_ name: String) -> Bool {
        isEvents(name) || ScalarTableFile.names.contains(name)
    }

    static func isEvents(_ name: String) -> Bool { name.contains("tfevents") }

    /// - Returns: paths below `directory`, sorted; no link is followed.
    static func files(below directory: String) -> [String] {
        var found: [String] = []
        var left = mostEntries
        walk(directory, "", 0, &left, &found)
        return found.sorted()
    }

    private static func walk(
        _ root: String, _ below: String, _ depth: Int, _ left: inout Int, _ found: inout [String]
    ) {
        let directory = below.isEmpty ? root : root + "/" + below
        guard depth < mostDepth, let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while left > 0, found.count < mostFiles, let entry = readdir(stream) {
            left -= 1
            guard let name = fileName(of: entry), name != ".", name != ".." else { continue }
            let path = below.isEmpty ? name : below + "/" + name
            var information = stat()
            guard lstat(root + "/" + path, &information) == 0 else { continue }
            switch information.st_mode & S_IFMT {
            case S_IFDIR: walk(root, path, depth + 1, &left, &found)
            case S_IFREG where isScalarFile(name):
                found.append(path)
            default: break
            }
        }
    }
}
