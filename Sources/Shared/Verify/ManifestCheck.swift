import Synchronization

/// Compares what a manifest says with a directory or with a bucket's listing.
///
/// Used before an upload (restore), before the machine goes off (last sync) and before anything is
/// destroyed (`finish`), so that all three mean the same by "verified".
package enum ManifestCheck {
    /// How far a comparison is.
    package struct Progress: Sendable, Equatable {
        package var files: Int
        package var bytes: Int64

        package init(files: Int, bytes: Int64) {
            self.files = files
            self.bytes = bytes
        }
    }

    /// Reads every file that the manifest names below `directory` and compares size and CRC32C.
    ///
    /// Sizes are compared before anything is hashed; hashing runs on a few threads of its own, and
    /// stops soon after the task is cancelled (what was not read is then `unreadable`). Links are
    /// never followed. What the manifest does not name is not looked at.
    ///
    /// - Parameter progress: told after each file, on some thread.
    /// - Returns: the differences in the manifest's order; empty where all is as it says.
    package static func compare(
        _ manifest: Manifest, directory: String,
        progress: (@Sendable (Progress) -> Void)? = nil
    ) async -> [Difference] {
        let cancelled = Latch()
        return await withTaskCancellationHandler {
            await offTaskThreads {
                compareNow(
                    manifest, directory: directory, cancelled: cancelled, progress: progress)
            }
        } onCancel: {
            cancelled.set()
        }
    }

    /// Compares with what a bucket lists below the run's prefix: names, sizes, and the store's hashes.
    ///
    /// - Parameter md5: of an entry's content, for stores that list no CRC32C; nil is not known.
    /// - Returns: the differences in the manifest's order. Objects that it does not name are none.
    package static func compare(
        _ manifest: Manifest, listing: [StoredObject],
        md5: (String) -> MD5.Digest? = { _ in nil }
    ) -> [Difference] {
        // By bytes: two names that Unicode holds equal are two objects.
        var objects: [PathKey: StoredObject] = [:]
        objects.reserveCapacity(listing.count)
        for object in listing { objects[PathKey(object.path)] = object }
        return manifest.files.compactMap { entry in
            difference(entry, objects[PathKey(entry.path)], md5: md5).map {
                Difference(path: entry.path, kind: $0)
            }
        }
    }

    private static func difference(
        _ entry: Manifest.Entry, _ object: StoredObject?, md5: (String) -> MD5.Digest?
    ) -> Difference.Kind? {
        if let objection = ManifestPath.objection(to: entry.path) { return .refused(objection) }
        guard let object else { return .missing }
        if object.size != entry.size { return .size(expected: entry.size, found: object.size) }
        if let found = object.crc32c {
            return found == entry.crc32c ? nil : .crc32c(expected: entry.crc32c, found: found)
        }
        if let found = object.md5, let expected = md5(entry.path), found != expected {
            return .md5(expected: expected, found: found)
        }
        return nil
    }

    private static func compareNow(
        _ manifest: Manifest, directory: String, cancelled: Latch,
        progress: (@Sendable (Progress) -> Void)?
    ) -> [Difference] {
        let done = Mutex(Progress(files: 0, bytes: 0))
        let kinds = try? ParallelMap.run(manifest.files) { entry -> Difference.Kind? in
            if cancelled.isSet { return .unreadable("the check was broken off") }
            let kind = difference(entry, in: directory)
            let now = done.withLock { progress in
                progress.files += 1
                progress.bytes = [progress.bytes, entry.size].byteSum
                return progress
            }
            progress?(now)
            return kind
        }
        // The body throws nothing, so there is a result for each entry; without one, none is proven.
        let all = kinds ?? manifest.files.map { _ in .unreadable("it was not checked") }
        return zip(manifest.files, all).compactMap { entry, kind in
            kind.map { Difference(path: entry.path, kind: $0) }
        }
    }

    private static func difference(
        _ entry: Manifest.Entry, in directory: String
    ) -> Difference.Kind? {
        if let objection = ManifestPath.objection(to: entry.path) { return .refused(objection) }
        do {
            let found = try digest(
                of: "\(directory)/\(entry.path)", size: entry.size, md5: nil
            ).crc32c
            return found == entry.crc32c ? nil : .crc32c(expected: entry.crc32c, found: found)
        } catch {
            return error.kind
        }
    }

    /// Why a file was not read to its end.
    struct Unread: Error { var kind: Difference.Kind }

    /// Of the file at `path`, which must have this size and be no link.
    static func digest(
        of path: String, size: Int64, md5: MD5Tag.Kind?
    ) throws(Unread) -> FileDigest {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            switch code {
            case ENOENT, ENOTDIR: throw Unread(kind: .missing)
            case ELOOP, ENXIO: throw Unread(kind: .notAFile)
            default: throw Unread(kind: .unreadable(errorText(code)))
            }
        }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else {
            throw Unread(kind: .unreadable(errorText()))
        }
        guard information.st_mode & S_IFMT == S_IFREG else { throw Unread(kind: .notAFile) }
        guard Int64(information.st_size) == size else {
            throw Unread(kind: .size(expected: size, found: Int64(information.st_size)))
        }
        do {
            return try FileDigest.ofFile(descriptor: descriptor, path: path, md5: md5)
        } catch {
            throw Unread(kind: .unreadable((error as? Failure)?.summary ?? "\(error)"))
        }
    }
}
