import Shared

// The last check where a store lists MD5 and no CRC32C, as S3 and Azure do.

extension SyncEngine {
    /// What of the bucket is not as it was uploaded, by `listing`.
    ///
    /// - Throws: the store's `Failure` where an object had to be read back and could not.
    func differences(from listing: [StoredObject]) async throws -> [Difference] {
        let manifest = manifest()
        let found = compare(manifest, listing)
        guard try await isListedMD5Foreign(found, of: manifest) else { return found }
        listedMD5 = nil
        event(
            .warning,
            "what the bucket lists as MD5 is none (is it encrypted with a key of its own?): "
                + "the last check compares names and sizes alone", nil)
        return compare(manifest, listing)
    }

    private func compare(_ manifest: Manifest, _ listing: [StoredObject]) -> [Difference] {
        ManifestCheck.compare(manifest, listing: listing) { path in
            listedMD5 != nil ? table.existing(path).flatMap { table[$0].up?.md5 } : nil
        }
    }

    /// Reads the smallest object back whose listed MD5 is not the uploaded one.
    ///
    /// S3 gives objects that KMS encrypts tags that look like an MD5 and are none, and does not say
    /// so in the listing (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). Such a
    /// bucket would never count as verified. Its default encryption counts for all objects, so one
    /// that is as it should be, under another tag, tells for all.
    private func isListedMD5Foreign(
        _ differences: [Difference], of manifest: Manifest
    ) async throws -> Bool {
        var suspects = Set<PathKey>()
        for difference in differences {
            if case .md5 = difference.kind { suspects.insert(PathKey(difference.path)) }
        }
        var smallest: Manifest.Entry?
        for entry in manifest.files where suspects.contains(PathKey(entry.path)) {
            if entry.size < smallest?.size ?? .max { smallest = entry }
        }
        guard let client, let smallest else { return false }
        // It is then sent again, which may take no room.
        guard StagingPlace.hasRoom(for: smallest.size, at: place.directory) else { return false }
        let directory = place.directory + "/read-back"
        defer { removeTree(directory) }
        try await client.download(object: smallest.path, to: "\(directory)/\(smallest.path)")
        var only = manifest
        only.files = [smallest]
        return await ManifestCheck.compare(only, directory: directory).isEmpty
    }

    /// Notes what the bucket lists of what came back from it, verified: the last check compares
    /// with that, as it does for what this machine uploads.
    ///
    /// Of no listing nothing is noted: the files are back, and the run need not end for that.
    func rememberListedMD5() async throws {
        guard listedMD5 != nil else { return }
        var listing: [StoredObject] = []
        do {
            listing = try await retry.run(attempts: 5) { [client] in
                try await client?.list() ?? []
            }
            noteUnknown(in: listing)
        } catch {
            if Task.isCancelled || error is CancellationError { throw error }
            event(.warning, "restored files are compared by size alone: \(error)", nil)
        }
        for object in listing {
            guard let md5 = object.md5, let index = table.existing(object.path),
                table[index].up?.size == object.size
            else { continue }
            table[index].up?.md5 = md5
        }
    }
}
