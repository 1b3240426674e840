import Shared

/// Compares what was uploaded with what the bucket lists.
struct ListingCheck {
    let client: StoreClient
    let context: SyncContext
    let ledger: UploadLedger

    /// What of the bucket is not as it was uploaded, by `listing`.
    ///
    /// - Throws: the store's `Failure` where an object had to be read back and could not.
    func differences(from listing: [StoredObject]) async throws -> [Difference] {
        // Generation and time play no part in a comparison.
        let expected = Manifest(
            generation: ledger.manifest.generation, createdAt: Date(timeIntervalSince1970: 0),
            final: false, files: ledger.expectedObjects())
        let found = compare(expected, listing)
        guard try await isListedMD5Foreign(found, of: expected) else { return found }
        ledger.distrustListedMD5()
        context.event(
            .warning,
            "what the bucket lists as MD5 is none (is it encrypted with a key of its own?): "
                + "the last check compares names and sizes alone", nil)
        return compare(expected, listing)
    }

    /// The objects of `listing` among output, logs and stray that this run did not put there.
    func foreign(in listing: [StoredObject]) -> [String] {
        let own = Set(ledger.expectedObjects().map { PathKey($0.path) })
        let trees = BucketLayout.trees.map { Array("\($0)/".utf8) }
        return listing.map(\.path).filter { path in
            trees.contains { path.utf8.starts(with: $0) } && !own.contains(PathKey(path))
                && ledger.index(of: path) == nil
        }
    }

    private func compare(_ expected: Manifest, _ listing: [StoredObject]) -> [Difference] {
        let usesMD5 = ledger.listedMD5 != nil
        return ManifestCheck.compare(expected, listing: listing) { path in
            usesMD5 ? ledger.index(of: path).flatMap { ledger[$0].up?.md5 } : nil
        }
    }

    /// Reads the smallest object back whose listed MD5 is not the uploaded one.
    ///
    /// S3 gives objects that KMS encrypts tags that look like an MD5 and are none, and does not say
    /// so in the listing (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). Such a
    /// bucket would never count as verified. Its default encryption counts for all objects, so one
    /// that is as it should be, under another tag, tells for all.
    private func isListedMD5Foreign(
        _ differences: [Difference], of expected: Manifest
    ) async throws -> Bool {
        var suspects = Set<PathKey>()
        for difference in differences {
            if case .md5 = difference.kind { suspects.insert(PathKey(difference.path)) }
        }
        let smallest = expected.files.filter { suspects.contains(PathKey($0.path)) }
            .min { $0.size < $1.size }
        // It is then sent again, which may take no room.
        guard let smallest, StagingPlace.hasRoom(for: smallest.size, at: context.place.directory)
        else {
            return false
        }
        let copy = context.place.directory + "/read-back"
        defer { removeTree(copy) }
        try await client.download(
            object: smallest.path, to: "\(copy)/\(smallest.path)", limit: smallest.size)
        var only = expected
        only.files = [smallest]
        return await ManifestCheck.compare(only, directory: copy).isEmpty
    }
}
