import Shared

/// Inodes that were written to in place while a hard link of ours was on them.
///
/// Making or removing a link changes an inode's ctime, as a rename does. Such a link's removal
/// would therefore make half a file look like one that was renamed into place after its last
/// write. So before a link goes the inode is looked at: our own link is made while nobody can
/// write (`Snapshotter`), so a ctime that is not later than the mtime is a write since then.
struct RewrittenLinks {
    /// Without their ctime, which says nothing of the content.
    private var versions: Set<FileVersion> = []

    var stamps: [FileVersion] { Array(versions) }

    mutating func insert(_ stamp: FileVersion) { versions.insert(Self.content(stamp)) }

    func contains(_ stamp: FileVersion) -> Bool { versions.contains(Self.content(stamp)) }

    /// What was written to of the files below `directory` that have other names elsewhere; nothing
    /// where there is no such directory yet.
    static func below(_ directory: String) -> [FileVersion] {
        guard let paths = try? FileManager.default.subpathsOfDirectory(atPath: directory) else {
            return []
        }
        var found: [FileVersion] = []
        for path in paths {
            var information = stat()
            guard lstat("\(directory)/\(path)", &information) == 0,
                information.st_mode & S_IFMT == S_IFREG, information.st_nlink > 1
            else { continue }
            let stamp = FileVersion(information)
            if !stamp.wasRenamedAfterWrite { found.append(stamp) }
        }
        return found
    }

    private static func content(_ stamp: FileVersion) -> FileVersion {
        var content = stamp
        content.ctime = 0
        return content
    }
}
