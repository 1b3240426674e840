import Shared

/// Writes `run/manifest.json`, the last object of a sync.
final class ManifestWriter {
    private let client: StoreClient
    private let context: SyncContext
    private let ledger: UploadLedger
    private var writtenAt: Duration?

    init(_ client: StoreClient, _ context: SyncContext, ledger: UploadLedger) {
        self.client = client
        self.context = context
        self.ledger = ledger
    }

    /// Writes the manifest of the next generation, here and, as the last object, in the bucket.
    ///
    /// - Throws: the store's `Failure`, or the disk's.
    func write(final: Bool) async throws {
        let next = ledger.nextManifest(final: final, createdAt: context.now())
        // Google takes one write a second for one object.
        if let writtenAt {
            let wait = RunFiles.spacing - (context.stopwatch.elapsed - writtenAt)
            if wait > .zero { try await context.clock.sleep(for: wait) }
        }
        try await client.upload(file: keep(next.text), as: BucketLayout.manifest)
        writtenAt = context.stopwatch.elapsed
        ledger.recordManifest(next, final: final)
    }

    /// Beside the status, whole or not at all; in memory where the disk is full.
    private func keep(_ text: Data) throws -> String {
        let file = context.runDirectory + "/manifest.json"
        do {
            try AtomicFile.write(text, to: file)
            return file
        } catch {
            try context.place.makeMemory()
            let spare = context.place.memory + "/manifest.json"
            try AtomicFile.write(text, to: spare)
            return spare
        }
    }
}
