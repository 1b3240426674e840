import Shared

/// What of the files that came back verified gets its place on the new machine.
struct RestoreChoice {
    /// These stay away; the bucket has them as before.
    private(set) var absent: Set<PathKey> = []
    /// These pointers were changed on their way, and are news for the bucket.
    private(set) var changed: Set<PathKey> = []
    /// A sentence for each decision, for status and events.
    private(set) var notes: [String] = []

    /// Decides, and changes pointers where they are.
    ///
    /// - Parameter directory: where the files are, below their paths in the manifest.
    /// - Throws: `Failure` where a pointer cannot be read or written.
    init(_ files: [Manifest.Entry], in directory: String) throws {
        let there = files.filter { $0.gone != true }
        let plan = RestorePlan(there.map(\.path))
        notes = plan.heldBack
        let kept = plan.kept.map { there[$0] }
        if kept.count < files.count {
            absent = Set(files.map { PathKey($0.path) }).subtracting(
                kept.map { PathKey($0.path) })
        }
        let pointers = kept.filter {
            !$0.path.utf8.starts(with: "\(BucketLayout.logs)/".utf8)
                && CheckpointPointers.isPointer($0.path, size: $0.size)
        }
        for pointer in pointers {
            let path = "\(directory)/\(pointer.path)"
            let data = try readFile(path, limit: Int(CheckpointPointers.largestIndex))
            let siblings = Self.siblings(of: pointer.path, in: kept)
            switch CheckpointPointers.verdict(pointer.path, data, siblings: siblings) {
            case .stays: break
            case .becomes(let new):
                try AtomicFile.write(new, to: path)
                changed.insert(PathKey(pointer.path))
                notes.append(
                    "\(quoted(pointer.path)) named a checkpoint that is not whole, and names an older one"
                )
            case .goes:
                absent.insert(PathKey(pointer.path))
                notes.append("\(quoted(pointer.path)) names what is not there")
            }
        }
    }

    /// The names of files and directories beside `path`.
    private static func siblings(of path: String, in files: [Manifest.Entry]) -> Set<String> {
        let parent = "\(parentDirectory(path))/"
        return Set(
            files.lazy.filter { $0.path.utf8.starts(with: parent.utf8) }.compactMap {
                $0.path.dropFirst(parent.utf8.count).split(separator: "/").first.map(String.init)
            })
    }
}
