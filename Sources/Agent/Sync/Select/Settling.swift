import Shared

/// Decides whether a file that is not up may go up now: when is it whole?
///
/// Pure, so that every case is a row of a test's table.
enum Settling {
    /// What is known of one file.
    struct Case: Equatable {
        var current: FileVersion
        /// What the tick before saw; nil where it is new.
        var look: FileTable.Observation?
        /// The inode that is up under this name, where one is.
        var formerInode: UInt64?
        /// Some process can write to it now.
        var isOpen: Bool
        /// The kernel saw a running writer close it, or rename it into place, as it is now.
        var isClosedByWriter = false
        /// Seen, or up, with different contents as the same inode.
        var isInPlace: Bool
        /// For how long it has not been up as it is.
        var pendingFor: Duration
    }

    enum Verdict: Equatable {
        /// Its writer is done. By a hard link where it was renamed into place, else by a copy.
        case whole(byLink: Bool)
        /// Perhaps done; a second look, a moment later, at this very inode will tell: the name had
        /// another inode before, and may have another again at the next scan.
        case secondLook
        /// Rewritten again and again: copy it at the first moment at which it is closed.
        case stale
        case waits
    }

    static func verdict(_ file: Case, maxStaleness: Duration) -> Verdict {
        let isStale = file.pendingFor >= maxStaleness
        if file.isOpen { return isStale ? .stale : .waits }
        let byLink = file.current.wasRenamedAfterWrite && !file.isInPlace
        if file.isClosedByWriter { return .whole(byLink: byLink) }
        if let look = file.look, !look.wasOpen, look.stamp.isSameContent(as: file.current) {
            return .whole(byLink: byLink)
        }
        // Not seen being written, and the last that happened to it was a rename.
        let isSameFile =
            file.look.map { look in
                look.stamp.inode == file.current.inode
                    && (file.isInPlace || look.stamp.isSameContent(as: file.current))
            } ?? false
        if byLink, !isSameFile { return .whole(byLink: true) }
        let former = file.look?.stamp.inode ?? file.formerInode
        if let former, former != file.current.inode { return .secondLook }
        return isStale ? .stale : .waits
    }
}
