import Shared

/// One file that a sync has decided to send.
struct PendingUpload {
    enum Kind: Equatable {
        case whole(byLink: Bool)
        case secondLook
        case stale
        /// An earlier version, copied when it was closed: see `RestlessFiles`.
        case copied
        /// Append-only: what is there now.
        case log
        /// Half-written, under a name of its own.
        case partial
    }

    var index: Int
    /// Of its object, when it is whole.
    var path: String
    var stamp: FileVersion
    var isLink: Bool
    var kind: Kind
    /// On the monotonic clock; since when this file is not up as it is.
    var pendingSince: Duration
    /// Whether it may wait for an older file of its directory. With something new beside it at every
    /// scan it would otherwise wait for ever.
    var mayWait: Bool

    var isStray: Bool { path.utf8.starts(with: "\(BucketLayout.stray)/".utf8) }

    /// Ordered by the time of writing that the file system tells, then by that of renaming.
    static func isOlder(_ left: PendingUpload, _ right: PendingUpload) -> Bool {
        (left.stamp.mtime, left.stamp.ctime) < (right.stamp.mtime, right.stamp.ctime)
    }
}
