import CPosix
import Shared

extension Scanner {
    /// Looks again at one file that a walk has seen; one that is gone was not seen by the last walk.
    func revisit(_ index: Int, _ table: inout FileTable, number: UInt32) {
        let path = table.path(index)
        guard
            let root = roots.first(where: { path.utf8.starts(with: "\($0.prefix)/".utf8) })
        else { return }
        let file = root.directory + path.dropFirst(root.prefix.count)
        var information = stat()
        var isThere = lstat(file, &information) == 0
        let isLink = isThere && information.st_mode & S_IFMT == S_IFLNK
        if isLink {
            let isInside =
                realPath(root.directory).flatMap { root in
                    realPath(file)?.utf8.starts(with: "\(root)/".utf8)
                } ?? false
            isThere = isInside && stat(file, &information) == 0
        }
        guard isThere, information.st_mode & S_IFMT == S_IFREG else {
            table[index].seen = number &- 1
            return
        }
        Self.record(information, index, isLink: isLink, scan: number, table: &table) { former in
            cposix_birth_time(AT_FDCWD, file) > former.ctime
        }
    }

    /// Takes what stat(2) says of a file.
    ///
    /// - Parameter isYounger: whether this file was made after all that is known of a former one,
    ///   whose inode number it has: a file that replaces another often gets the number of the one
    ///   before.
    static func record(
        _ information: stat, _ index: Int, isLink: Bool, scan: UInt32, table: inout FileTable,
        isYounger: (_ former: FileVersion) -> Bool
    ) {
        let version = FileVersion(information)
        if table.touch(index, version, scan: scan) { return }
        var file = table[index]
        if file.seen == 0 || file.current != version {
            if isLink { file.flags.insert(.link) } else { file.flags.remove(.link) }
            let former = file.seen > 0 ? file.current : file.up?.stamp
            if let former, !former.isSameContent(as: version) {
                let isAnother =
                    former.inode != version.inode || (!isLink && isYounger(former))
                if isAnother { file.flags.remove(.inPlace) } else { file.flags.insert(.inPlace) }
            }
            if !file.current.isSameContent(as: version) { file.flags.remove(.superseded) }
            file.current = version
            file.device = UInt64(information.st_dev)
        }
        file.seen = scan
        if !file.flags.contains(.excluded) { file.flags.remove(.unsupported) }
        table[index] = file
    }
}
