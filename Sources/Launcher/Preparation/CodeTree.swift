import Shared

/// The user's code: what of the directory goes to the machine, and what stays.
struct CodeTree: Sendable, Equatable {
    let directory: String
    /// Files, links and directories below it, sorted; a directory stands before what it holds.
    private(set) var entries: [String] = []
    /// Files and links alone.
    private(set) var paths: [String] = []
    private(set) var bytes: Int64 = 0
    /// What stays behind, each once.
    private(set) var leftOut: [String] = []
    /// Links that lead nowhere once they are on another machine.
    private(set) var danglingLinks: [String] = []

    /// What no training needs: history, caches, environments built for this machine.
    private static let leftOutNames: Set<String> = [
        ".git", ".hg", ".svn", "__pycache__", ".venv", "node_modules", ".mypy_cache",
        ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".tox", ".idea", ".DS_Store",
    ]

    /// - Parameter secrets: absolute paths of files that never travel, such as a key.
    /// - Throws: `Failure` with exit code 2 where the path is no directory that can be read.
    init(directory given: String, secrets: [String] = []) throws {
        directory = StoreURL.absolutePath(given)
        guard exists(directory) else {
            throw Failure.usage(
                "--code_path \(quoted(given)) does not exist",
                hint: "give the directory that holds your code")
        }
        guard isDirectory(directory) else {
            throw Failure.usage(
                "--code_path \(quoted(given)) is not a directory",
                hint: "give the directory that holds your code, not a file in it")
        }
        try walk("", secrets: Set(secrets.map(StoreURL.absolutePath)))
        guard !paths.isEmpty else {
            throw Failure.usage("--code_path \(quoted(given)) holds no files")
        }
    }

    private mutating func walk(_ relative: String, secrets: Set<String>) throws {
        let place = relative.isEmpty ? directory : directory + "/" + relative
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: place) else {
            throw systemFailure("--code_path: cannot read \(quoted(place))", code: EACCES)
        }
        for name in names.sorted() {
            let path = relative.isEmpty ? name : relative + "/" + name
            let full = directory + "/" + path
            var information = stat()
            guard lstat(full, &information) == 0 else { continue }
            if Self.leftOutNames.contains(name) || name.hasSuffix(".pyc") || secrets.contains(full)
                || exists(full + "/pyvenv.cfg")
            {
                leftOut.append(path)
                continue
            }
            switch information.st_mode & S_IFMT {
            case S_IFDIR:
                entries.append(path)
                try walk(path, secrets: secrets)
            case S_IFREG:
                entries.append(path)
                paths.append(path)
                bytes = [bytes, Int64(information.st_size)].byteSum
            case S_IFLNK:
                entries.append(path)
                paths.append(path)
                if !leadsInside(full) { danglingLinks.append(path) }
            default:
                leftOut.append(path)
            }
        }
    }

    private func leadsInside(_ link: String) -> Bool {
        guard let target = realpath(link, nil), let root = realpath(directory, nil) else {
            return false
        }
        defer {
            free(target)
            free(root)
        }
        return String(cString: target).hasPrefix(String(cString: root) + "/")
    }
}
