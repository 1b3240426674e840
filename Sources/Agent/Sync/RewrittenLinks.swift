import Shared

/// Inodes that were written to in place while a hard link of ours was on them.
///
/// Making or removing a link changes an inode's ctime, as a rename does. Such a link's removal
/// would therefore make half a file look like one that was renamed into place after its last
/// write. So before a link goes the inode is looked at: our own link is made while nobody can
/// write (`Freezer`), so a ctime that is not later than the mtime is a write since then.
struct RewrittenLinks {
    /// Without their ctime, which says nothing of the content.
    private var versions: Set<Stamp> = []

    var stamps: [Stamp] { Array(versions) }

    mutating func insert(_ stamp: Stamp) { versions.insert(Self.content(stamp)) }

    func contains(_ stamp: Stamp) -> Bool { versions.contains(Self.content(stamp)) }

    /// What was written to of the files below `directory` that have other names elsewhere.
    static func below(_ directory: String) -> [Stamp] {
        guard let paths = try? FileManager.default.subpathsOfDirectory(atPath: directory) else {
            return []
        }
        var found: [Stamp] = []
        for path in paths {
            var information = stat()
            guard lstat("\(directory)/\(path)", &information) == 0,
                information.st_mode & S_IFMT == S_IFREG, information.st_nlink > 1
            else { continue }
            let stamp = Stamp(information)
            if !stamp.wasRenamedAfterWrite { found.append(stamp) }
        }
        return found
    }

    private static func content(_ stamp: Stamp) -> Stamp {
        var content = stamp
        content.ctime = 0
        return content
    }
}

extension SyncEngine {
    /// Removes one frozen file, and remembers where its source was written to meanwhile.
    func letGo(_ path: String, of batch: inout Batch) {
        guard let item = batch.item(path) else { return }
        noteRewritten(item, in: batch)
        batch.remove(path)
    }

    /// The same for all of them.
    func letGo(_ batch: inout Batch) {
        for item in batch.items.values { noteRewritten(item, in: batch) }
        batch.discard()
    }

    private func noteRewritten(_ item: Batch.Item, in batch: Batch) {
        guard let origin = item.origin,
            !Freezer.isStill(item.frozen, at: batch.file(of: item.path))
        else { return }
        table[table.index(of: origin)].flags.insert(.inPlace)
    }
}
