import Dispatch
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
        let cancelled = OneWayFlag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Off the tasks' threads: there are only as many as cores, and this blocks.
                DispatchQueue.global().async {
                    continuation.resume(
                        returning: compareNow(
                            manifest, directory: directory, cancelled: cancelled,
                            progress: progress))
                }
            }
        } onCancel: {
            cancelled.set()
        }
    }

    /// Compares with what a bucket lists below the run's prefix: names, sizes, and the store's hashes.
    ///
    /// - Parameter md5: by path, for stores that list no CRC32C; lower-case hex.
    /// - Returns: the differences in the manifest's order. Objects that it does not name are none.
    package static func compare(
        _ manifest: Manifest, listing: [StoredObject], md5: [PathKey: String] = [:]
    ) -> [Difference] {
        // By bytes: two names that Unicode holds equal are two objects.
        var objects: [PathKey: StoredObject] = [:]
        objects.reserveCapacity(listing.count)
        for object in listing { objects[PathKey(object.path)] = object }
        return manifest.files.compactMap { entry in
            let key = PathKey(entry.path)
            return difference(entry, objects[key], md5: md5[key]).map {
                Difference(path: entry.path, kind: $0)
            }
        }
    }

    /// Of `differences`, those that remain when an object replaced after the manifest is accepted.
    ///
    /// While a run is alive a sync replaces objects first and the manifest last; one that breaks
    /// off in between leaves objects that are whole, but newer than the manifest. Such a file is
    /// as the bucket lists it. Never for a manifest that is `final`: then nothing may differ.
    package static func remaining(
        _ differences: [Difference], of manifest: Manifest, directory: String,
        listing: [StoredObject]
    ) async -> [Difference] {
        guard !manifest.final, !differences.isEmpty else { return differences }
        var objects: [PathKey: StoredObject] = [:]
        for object in listing { objects[PathKey(object.path)] = object }
        let newer = differences.compactMap { difference -> Manifest.Entry? in
            // Only where the store's hash says so: a size alone proves nothing.
            guard let object = objects[PathKey(difference.path)], let crc = object.crc32c else {
                return nil
            }
            return Manifest.Entry(path: difference.path, size: object.size, mtime: 0, crc32c: crc)
        }
        var asListed = manifest
        asListed.files = newer
        let still = await compare(asListed, directory: directory)
        let accepted = Set(newer.map { PathKey($0.path) })
            .subtracting(still.map { PathKey($0.path) })
        return differences.filter { !accepted.contains(PathKey($0.path)) }
    }

    private static func difference(
        _ entry: Manifest.Entry, _ object: StoredObject?, md5: String?
    ) -> Difference.Kind? {
        if let objection = ManifestPath.objection(to: entry.path) { return .refused(objection) }
        guard let object else { return .missing }
        if object.size != entry.size { return .size(expected: entry.size, found: object.size) }
        if let found = object.crc32c, found != entry.crc32c {
            return .crc32c(expected: entry.crc32c, found: found)
        }
        if let found = object.md5, let expected = md5, found != expected {
            return .md5(expected: expected, found: found)
        }
        return nil
    }

    private static func compareNow(
        _ manifest: Manifest, directory: String, cancelled: OneWayFlag,
        progress: (@Sendable (Progress) -> Void)?
    ) -> [Difference] {
        let done = Mutex(Progress(files: 0, bytes: 0))
        let kinds = try? ParallelMap.run(manifest.files) { entry -> Difference.Kind? in
            if cancelled.isSet { return .unreadable("the check was broken off") }
            let kind = difference(entry, in: directory)
            let now = done.withLock { progress in
                progress.files += 1
                progress.bytes += entry.size
                return progress
            }
            progress?(now)
            return kind
        }
        // The body throws nothing, so there is a result for each entry.
        return zip(manifest.files, kinds ?? []).compactMap { entry, kind in
            kind.map { Difference(path: entry.path, kind: $0) }
        }
    }

    private static func difference(
        _ entry: Manifest.Entry, in directory: String
    ) -> Difference.Kind? {
        if let objection = ManifestPath.objection(to: entry.path) { return .refused(objection) }
        let path = "\(directory)/\(entry.path)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            switch code {
            case ENOENT, ENOTDIR: return .missing
            case ELOOP, ENXIO: return .notAFile
            default: return .unreadable(errorText(code))
            }
        }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return .unreadable(errorText()) }
        guard information.st_mode & S_IFMT == S_IFREG else { return .notAFile }
        guard Int64(information.st_size) == entry.size else {
            return .size(expected: entry.size, found: Int64(information.st_size))
        }
        do {
            let found = try CRC32C.ofFile(descriptor: descriptor, path: path)
            return found == entry.crc32c ? nil : .crc32c(expected: entry.crc32c, found: found)
        } catch {
            return .unreadable((error as? Failure)?.summary ?? "\(error)")
        }
    }
}
