import Shared

/// What stat(2) says of one version of a file: two equal stamps are the same content.
///
/// Wall-clock times are only ever compared for equality or with each other, never with "now", so a
/// clock that jumps changes nothing.
struct FileVersion: Hashable, Sendable {
    var size: Int64
    /// Nanoseconds since 1970.
    var mtime: Int64
    /// When the inode last changed in any way, in nanoseconds since 1970.
    var ctime: Int64
    var inode: UInt64

    init(size: Int64, mtime: Int64, ctime: Int64, inode: UInt64) {
        self.size = size
        self.mtime = mtime
        self.ctime = ctime
        self.inode = inode
    }

    init(_ information: stat) {
        #if canImport(Darwin)
            let (modified, changed) = (information.st_mtimespec, information.st_ctimespec)
        #else
            let (modified, changed) = (information.st_mtim, information.st_ctim)
        #endif
        size = Int64(information.st_size)
        mtime = Self.nanoseconds(modified)
        ctime = Self.nanoseconds(changed)
        inode = UInt64(information.st_ino)
    }

    /// Equal but for `ctime`, which a hard link, its removal or a chmod change too.
    func isSameContent(as other: FileVersion) -> Bool {
        size == other.size && mtime == other.mtime && inode == other.inode
    }

    /// The last that happened to the inode was no write: a rename, or a link.
    ///
    /// A write sets both times at once. A rename within the same tick of the kernel's clock (4 ms)
    /// is not seen, and the file then waits for its second scan. Making and removing links of our own
    /// does the same to an inode: see `RewrittenLinks`.
    var wasRenamedAfterWrite: Bool { ctime > mtime }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        // Wrapping, since a hostile file system may say anything.
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
