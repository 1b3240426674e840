/// What differs from a manifest, sorted by whether the bucket has a newer version of it.
///
/// While a run is alive a sync replaces objects first and the manifest last; one that breaks off in
/// between leaves objects that are whole, but newer than the manifest. Such a file is as the
/// bucket lists it. Never for a manifest that is `final`: then nothing may differ.
package struct NewerObjects: Sendable {
    /// What differs and is not what the bucket lists either.
    package var remaining: [Difference]
    /// The others, as they are.
    package var accepted: [Manifest.Entry] = []

    /// Reads the files below `directory` that differ, and compares them with the store's hashes.
    ///
    /// - Parameters:
    ///   - listing: of the bucket, taken after the files were downloaded.
    ///   - md5: what its MD5s are of, where it has no CRC32C.
    package init(
        _ differences: [Difference], of manifest: Manifest, directory: String,
        listing: [StoredObject], md5: MD5Tag.Kind?
    ) async {
        remaining = differences
        guard !manifest.final, !differences.isEmpty else { return }
        var objects: [PathKey: StoredObject] = [:]
        for object in listing { objects[PathKey(object.path)] = object }
        let candidates = differences.map { objects[PathKey($0.path)] }
        let checksums = await Self.checksums(of: candidates, directory: directory, md5: md5)
        var times: [PathKey: Int64] = [:]
        for entry in manifest.files { times[PathKey(entry.path)] = entry.mtime }
        remaining = []
        for (index, difference) in differences.enumerated() {
            guard let object = candidates[index], let crc32c = checksums[index] else {
                remaining.append(difference)
                continue
            }
            accepted.append(
                Manifest.Entry(
                    path: difference.path, size: object.size,
                    mtime: times[PathKey(difference.path)] ?? 0, crc32c: crc32c))
        }
    }

    /// The CRC32C of each file that is what is listed of it; nil for the others.
    private static func checksums(
        of objects: [StoredObject?], directory: String, md5: MD5Tag.Kind?
    ) async -> [UInt32?] {
        await offTaskThreads {
            let found = try? ParallelMap.run(objects) { object in
                object.flatMap { checksum(of: $0, directory: directory, md5: md5) }
            }
            // The body throws nothing, so there is a result for each object.
            return found ?? objects.map { _ in nil }
        }
    }

    private static func checksum(
        of object: StoredObject, directory: String, md5: MD5Tag.Kind?
    ) -> UInt32? {
        // Only where the store's hash says so: a size alone proves nothing.
        guard object.crc32c != nil || object.md5 != nil,
            ManifestPath.objection(to: object.path) == nil,
            let found = try? ManifestCheck.digest(
                of: "\(directory)/\(object.path)", size: object.size,
                md5: object.crc32c == nil ? md5 : nil)
        else { return nil }
        let isAsListed =
            object.crc32c.map { $0 == found.crc32c } ?? (object.md5 == found.md5)
        return isAsListed ? found.crc32c : nil
    }
}
