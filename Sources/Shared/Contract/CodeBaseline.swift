/// What lay in the code directory when the training began: every other file there is the training's.
///
/// The agent writes it once for each machine, as lines of size, modification time, inode and path;
/// the launcher of a run on this computer reads it to save what never went up. A file that is
/// written to later is another version, and so no longer part of it.
package struct CodeBaseline: Sendable {
    /// One version of a file; the times are in nanoseconds since 1970.
    package struct Version: Sendable, Hashable {
        package var size: Int64
        package var mtime: Int64
        package var inode: UInt64

        package init(size: Int64, mtime: Int64, inode: UInt64) {
            self.size = size
            self.mtime = mtime
            self.inode = inode
        }

        package init(_ information: stat) {
            #if canImport(Darwin)
                let modified = information.st_mtimespec
            #else
                let modified = information.st_mtim
            #endif
            size = Int64(information.st_size)
            mtime = Int64(modified.tv_sec) &* 1_000_000_000 &+ Int64(modified.tv_nsec)
            inode = UInt64(information.st_ino)
        }
    }

    /// By paths below the code directory.
    package private(set) var files: [PathKey: Version] = [:]

    package init() {}

    /// - Returns: nil where there is none: no training has begun.
    /// - Throws: `Failure` where it is damaged.
    package init?(reading path: String) throws {
        guard exists(path) else { return nil }
        let data = try readFile(path, limit: JSONFormat.maximumManifestBytes)
        for line in data.split(separator: UInt8(ascii: "\n")) {
            let parts = String(decoding: line, as: UTF8.self)
                .split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, let size = Int64(parts[0]), let mtime = Int64(parts[1]),
                let inode = UInt64(parts[2])
            else { throw Failure("\(quoted(path)) is damaged") }
            add(String(parts[3]), Version(size: size, mtime: mtime, inode: inode))
        }
    }

    package mutating func add(_ path: String, _ version: Version) {
        files[PathKey(path)] = version
    }

    /// Whether the file at `path` is still as it was.
    package func contains(_ path: String, _ version: Version) -> Bool {
        files[PathKey(path)] == version
    }

    /// - Throws: `Failure` where the disk does not take it.
    package func write(to path: String) throws {
        var text = ""
        for (key, version) in files {
            text += "\(version.size)\t\(version.mtime)\t\(version.inode)\t\(key.path)\n"
        }
        try AtomicFile.write(Data(text.utf8), to: path, mode: 0o600)
    }
}

/// What in a code directory is nobody's work: history, caches, environments made for one machine.
package enum CodeByproducts {
    /// Names of files and directories.
    package static let names: Set<String> = [
        ".git", ".hg", ".svn", "__pycache__", ".venv", "node_modules", ".mypy_cache",
        ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".tox", ".idea", ".DS_Store",
        ".cache",
    ]

    /// The file that marks a directory as a virtual environment, whatever it is called.
    package static let environmentMark = "pyvenv.cfg"
}
