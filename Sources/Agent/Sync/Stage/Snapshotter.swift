import CPosix
import Shared

/// Freezes one version of a file under another name, and hashes it in the same reading.
///
/// No transfer ever reads a file that changes: what is uploaded is a hard link of an inode that
/// nobody writes to, a reflink, or a copy, and stat(2) says before and after that the source did
/// not change.
struct Snapshotter {
    /// How the bytes are held still.
    enum Method: Sendable, Equatable {
        /// The same inode: free, but only safe where its writer renames and never writes in place.
        case link
        case copy
    }

    /// Which part of the file is wanted.
    enum Extent: Sendable, Equatable {
        /// All of it, as the stamp says, or nothing.
        case whole
        /// As much as there is now; whole lines alone where `lines`.
        case prefix(lines: Bool)
        /// All that a dead writer left, or a running one has written so far.
        case asItIs
    }

    struct Snapshot: Sendable, Equatable {
        /// Of the source, at the moment of freezing.
        var stamp: FileVersion
        var size: Int64
        var crc32c: UInt32
        /// Where it was asked for.
        var md5: MD5.Digest?
        var method: Method

        fileprivate init(_ stamp: FileVersion, size: Int64, _ digest: FileDigest, _ method: Method)
        {
            self.stamp = stamp
            self.size = size
            crc32c = digest.crc32c
            md5 = digest.md5
            self.method = method
        }
    }

    enum SnapshotError: Error, Equatable {
        case vanished
        /// It changed while it was read: its writer is not done.
        case moved
        case diskFull
        case failed(Failure)

        /// In a person's words.
        var failure: Failure {
            switch self {
            case .vanished: Failure("a file vanished while it was read")
            case .moved: Failure("a file changed while it was read")
            case .diskFull: Failure("no space left to freeze what is to be uploaded")
            case .failed(let failure): failure
            }
        }
    }

    /// Opens `source` for reading, without waiting on a pipe and, unless allowed, without a link.
    static func open(_ source: String, followingLink: Bool) throws(SnapshotError) -> Int32 {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followingLink ? 0 : O_NOFOLLOW)
        let descriptor = systemOpen(source, flags)
        if descriptor >= 0 { return descriptor }
        switch errno {
        case ENOENT, ENOTDIR, ELOOP, ENXIO: throw .vanished
        default: throw .failed(systemFailure("cannot read \(quoted(source))"))
        }
    }

    /// Freezes the file open at `descriptor` as `target`, whose directory exists.
    ///
    /// - Parameters:
    ///   - expected: what the scan saw; another version is `moved`. Nil takes any.
    ///   - md5: also the MD5 of this kind, in the same reading.
    static func freeze(
        _ descriptor: Int32, named source: String, as target: String, extent: Extent,
        expected: FileVersion?, byLink: Bool, md5: MD5Tag.Kind? = nil
    ) throws(SnapshotError) -> Snapshot {
        let before = try stamp(of: descriptor, named: source)
        if let expected, !expected.isSameContent(as: before) { throw .moved }
        if byLink, extent == .whole, try link(descriptor, target) {
            do {
                let digest = try hash(descriptor, named: source, md5: md5)
                return try finish(
                    Snapshot(before, size: before.size, digest, .link), descriptor, named: source,
                    extent: extent)
            } catch {
                unlink(target)
                throw error
            }
        }
        let size = try wanted(extent, of: descriptor, size: before.size, named: source)
        do {
            let digest = try copy(
                descriptor, named: source, to: target, size: size, md5: md5)
            return try finish(
                Snapshot(before, size: size, digest, .copy), descriptor, named: source,
                extent: extent)
        } catch {
            unlink(target)
            throw error
        }
    }

    /// Whether the frozen bytes are still those that were hashed: asked after the transfer.
    static func isStill(_ frozen: Snapshot, at target: String) -> Bool {
        guard frozen.method == .link else { return true }
        var information = stat()
        return lstat(target, &information) == 0
            && FileVersion(information).isSameContent(as: frozen.stamp)
    }

    private static func finish(
        _ frozen: Snapshot, _ descriptor: Int32, named source: String, extent: Extent
    ) throws(SnapshotError) -> Snapshot {
        guard extent == .whole else { return frozen }
        let after = try stamp(of: descriptor, named: source)
        guard after.isSameContent(as: frozen.stamp) else { throw .moved }
        return frozen
    }

    private static func stamp(of descriptor: Int32, named source: String) throws(SnapshotError)
        -> FileVersion
    {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else {
            throw .failed(systemFailure("cannot read \(quoted(source))"))
        }
        guard information.st_mode & S_IFMT == S_IFREG else { throw .vanished }
        return FileVersion(information)
    }

    /// Links this very inode, whatever its name is by now; false where that is not possible.
    ///
    /// Never one that is open for writing: a link changes the inode's ctime, and half a file would
    /// then look like one that was renamed after its last write.
    private static func link(_ descriptor: Int32, _ target: String) throws(SnapshotError) -> Bool {
        switch cposix_link_closed(descriptor, target) {
        case 1: return true
        case 0: throw .moved
        default: return false
        }
    }

    /// How many bytes are wanted; for lines, up to and with the last line break.
    private static func wanted(
        _ extent: Extent, of descriptor: Int32, size: Int64, named source: String
    ) throws(SnapshotError) -> Int64 {
        guard extent == .prefix(lines: true) else { return size }
        var end = size
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while end > 0 {
            let start = max(0, end - Int64(buffer.count))
            let count = pread(descriptor, &buffer, Int(end - start), off_t(start))
            if count < 0 && errno == EINTR { continue }
            guard count == Int(end - start) else {
                // Shorter than a moment ago: truncated.
                if count >= 0 { throw .moved }
                throw .failed(systemFailure("cannot read \(quoted(source))"))
            }
            if let last = buffer[..<count].lastIndex(of: UInt8(ascii: "\n")) {
                return start + Int64(last) + 1
            }
            end = start
        }
        return 0
    }

    private static func hash(
        _ descriptor: Int32, named source: String, md5: MD5Tag.Kind?
    ) throws(SnapshotError) -> FileDigest {
        do {
            lseek(descriptor, 0, SEEK_SET)
            return try FileDigest.ofFile(
                descriptor: descriptor, path: source, md5: md5)
        } catch {
            throw .failed(error as? Failure ?? Failure("\(error)"))
        }
    }

    /// Copies the first `size` bytes to `target`, sharing their extents where the disk can.
    private static func copy(
        _ descriptor: Int32, named source: String, to target: String, size: Int64, md5: MD5Tag.Kind?
    ) throws(SnapshotError) -> FileDigest {
        let output = systemOpen(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw obstacle(target) }
        defer { close(output) }
        if cposix_reflink(output, descriptor) == 0 {
            guard ftruncate(output, off_t(size)) == 0 else { throw obstacle(target) }
            var information = stat()
            guard fstat(output, &information) == 0, Int64(information.st_size) == size else {
                throw .moved
            }
            return try hash(output, named: target, md5: md5)
        }
        lseek(descriptor, 0, SEEK_SET)
        var digest = FileDigest(md5: md5)
        try copyBytes(
            descriptor, named: source, to: output, target: target, size: size, into: &digest)
        return digest
    }

    private static func copyBytes(
        _ descriptor: Int32, named source: String, to output: Int32, target: String, size: Int64,
        into digest: inout FileDigest
    ) throws(SnapshotError) {
        var rest = size
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while rest > 0 {
            let count = read(descriptor, buffer.baseAddress, Int(min(rest, Int64(buffer.count))))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .failed(systemFailure("cannot read \(quoted(source))")) }
            guard count > 0 else { throw .moved }
            digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            try write(
                UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: output, target: target)
            rest -= Int64(count)
        }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to output: Int32, target: String
    ) throws(SnapshotError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = systemWrite(output, rest)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw obstacle(target) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    private static func obstacle(_ target: String) -> SnapshotError {
        switch errno {
        case ENOSPC, EDQUOT: .diskFull
        default: .failed(systemFailure("cannot write \(quoted(target))"))
        }
    }
}
