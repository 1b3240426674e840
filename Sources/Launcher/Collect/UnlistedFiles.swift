import Shared

/// Sets aside what a final manifest does not name, so that every file left in `output/`, `logs/` and `stray/` is
/// one that was checked.
///
/// The bucket may hold more than its manifest says: objects of a sync that broke off, or somebody
/// else's. They go with the bucket, so they are kept, but in a folder that says what they are.
struct UnlistedFiles: Sendable {
    let manifest: Manifest
    let directory: String

    static let folder = "unlisted"

    private struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64

        init?(_ path: String) {
            guard let found = NameClash.identity(at: path) else { return nil }
            (device, inode) = (found.device, found.inode)
        }
    }

    /// Moves the files; on a thread that may block.
    ///
    /// A file is told by its inode, not by its name: a disk may give a name back in another Unicode
    /// form than it was written in.
    ///
    /// - Returns: their paths, sorted.
    /// - Throws: `Failure` naming one that cannot be moved; `CancellationError`.
    func setAside(isCancelled: Latch) throws -> [String] {
        var listed = Set<Identity>(minimumCapacity: manifest.files.count)
        for entry in manifest.files where ManifestPath.objection(to: entry.path) == nil {
            if let file = Identity("\(directory)/\(entry.path)") { listed.insert(file) }
        }
        var found: [String] = []
        for tree in BucketLayout.trees {
            try walk(tree, isCancelled) { path in
                guard let file = Identity("\(directory)/\(path)"), !listed.contains(file) else {
                    return
                }
                found.append(path)
            }
        }
        for path in found { try move(path) }
        return found.sorted()
    }

    /// Calls `body` for all below `tree` that is no directory.
    private func walk(_ tree: String, _ isCancelled: Latch, _ body: (String) -> Void) throws {
        if isCancelled.isSet { throw CancellationError() }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(tree)"))
        // No directory there is an empty tree: a run without output has none.
        for name in names ?? [] {
            let path = "\(tree)/\(name)"
            var information = stat()
            guard lstat("\(directory)/\(path)", &information) == 0 else { continue }
            if PartialFile.isPartial(name) {
                // What a download that was killed left half-written: a file, or a directory of them.
                try? FileManager.default.removeItem(atPath: "\(directory)/\(path)")
            } else if information.st_mode & S_IFMT == S_IFDIR {
                try walk(path, isCancelled, body)
            } else {
                body(path)
            }
        }
    }

    private func move(_ path: String) throws {
        let target = "\(directory)/\(Self.folder)/\(path)"
        try makeDirectories(parentDirectory(target))
        guard rename("\(directory)/\(path)", target) == 0 else {
            throw systemFailure("cannot set \(quoted(path)) aside")
        }
    }
}
