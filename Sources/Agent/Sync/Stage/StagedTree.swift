import Shared

/// A tree of frozen files that goes up in one transfer: `output/…`, `logs/…`, `run/…`.
struct StagedTree {
    struct Item {
        /// Of the object.
        var path: String
        /// Of the file it was taken from, as the table knows it; nil for files below `run/`.
        var origin: String?
        var frozen: Snapshotter.Snapshot
        var isPartial: Bool
        /// Nobody can have opened its source for writing while it was copied.
        var isKeptClosed = false
    }

    let directory: String
    /// Of which kind an MD5 is taken too, for stores that list no other hash.
    let md5: MD5Tag.Kind?
    private(set) var items: [PathKey: Item] = [:]
    /// What the copies take on the disk; links take nothing.
    private(set) var copiedBytes: Int64 = 0
    private(set) var linkCount = 0
    private var made = Set<String>()

    init(directory: String, md5: MD5Tag.Kind? = nil) {
        self.directory = directory
        self.md5 = md5
    }

    var isEmpty: Bool { items.isEmpty }
    /// What shares its bytes with the file it was taken from.
    var links: [Item] { items.values.filter { $0.frozen.method == .link } }

    func file(of path: String) -> String { "\(directory)/\(path)" }

    /// Freezes the file open at `descriptor` as the object `path`, replacing an earlier version.
    ///
    /// - Returns: the frozen file; nil where it is as `known` says, and nothing was kept.
    mutating func add(
        _ path: String, from descriptor: Int32, named source: String, origin: String?,
        extent: Snapshotter.Extent, expected: FileVersion?, byLink: Bool, isPartial: Bool = false,
        isKeptClosed: Bool = false, known: FileTable.Uploaded? = nil
    ) throws(Snapshotter.SnapshotError) -> Snapshotter.Snapshot? {
        remove(path)
        let target = file(of: path)
        try makeDirectory(of: path)
        let frozen = try Snapshotter.freeze(
            descriptor, named: source, as: target, extent: extent, expected: expected,
            byLink: byLink, md5: md5)
        // Only a part of the last line is new, or a link or chmod changed the inode alone.
        if let known, known.size == frozen.size, known.crc32c == frozen.crc32c,
            extent != .whole || known.stamp.isSameContent(as: frozen.stamp)
        {
            unlink(target)
            return nil
        }
        items[PathKey(path)] = Item(
            path: path, origin: origin, frozen: frozen, isPartial: isPartial,
            isKeptClosed: isKeptClosed)
        count(frozen, 1)
        return frozen
    }

    private mutating func makeDirectory(
        of path: String
    ) throws(Snapshotter.SnapshotError) {
        do {
            if made.insert(parentDirectory(path)).inserted {
                try makeDirectories(parentDirectory(file(of: path)), mode: 0o700)
            }
        } catch {
            made.remove(parentDirectory(path))
            throw errno == ENOSPC ? .diskFull : .failed(error as? Failure ?? Failure("\(error)"))
        }
    }

    /// Moves a frozen file here, replacing an earlier version.
    mutating func take(
        _ path: String, from other: inout StagedTree
    ) throws(Snapshotter.SnapshotError) {
        guard let item = other.item(path) else { throw .vanished }
        remove(path)
        try makeDirectory(of: path)
        guard rename(other.file(of: path), file(of: path)) == 0 else {
            throw .failed(systemFailure("cannot move \(quoted(other.file(of: path)))"))
        }
        items[PathKey(path)] = item
        count(item.frozen, 1)
        other.count(item.frozen, -1)
        other.items[PathKey(path)] = nil
    }

    func item(_ path: String) -> Item? { items[PathKey(path)] }

    mutating func remove(_ path: String) {
        guard let item = items.removeValue(forKey: PathKey(path)) else { return }
        count(item.frozen, -1)
        unlink(file(of: path))
    }

    private mutating func count(_ frozen: Snapshotter.Snapshot, _ sign: Int) {
        switch frozen.method {
        case .copy: copiedBytes += Int64(sign) * frozen.size
        case .link: linkCount += sign
        }
    }

    /// Removes the tree from the disk.
    mutating func discard() {
        removeTree(directory)
        items = [:]
        made = []
        copiedBytes = 0
        linkCount = 0
    }
}
