import Shared
import Synchronization

/// Downloads one run's output and checks it against the manifest.
struct Collector: Sendable {
    let context: Context
    let cloud: any Cloud
    let folder: RunFolder
    let lock: DownloadLock
    let steps: Steps

    /// - Parameter force: take what there is, final or not.
    /// - Throws: `Failure` where anything is missing; nothing is destroyed then.
    func collect(
        _ record: inout RunRecord, outcome: Outcome?, destination: String, force: Bool
    ) async throws -> Collected {
        let client = try client(of: record)
        let manifest = try await steps.run("reading the manifest") {
            try await self.manifest(client, force: force)
        }
        let isFinal = manifest?.final == true
        guard isFinal || force else { throw notFinal(record, outcome: outcome) }
        let former = record.collection
        let directory = try CollectionDirectory(context: context, folder: folder)
            .prepare(&record, destination: destination, bytes: manifest?.totalBytes ?? 0)
        if let former, former != directory, isDirectory(former) {
            steps.line.say("  what an earlier call downloaded stays in \(harmless(former))")
        }

        let download = Download(client: client, steps: steps)
        let contents = try await download.contents(of: manifest)
        try await download.run(contents, to: directory)
        var collected = Collected(
            run: record.run, directory: directory, files: contents.files, bytes: contents.bytes,
            verified: isFinal, outcome: outcome)
        if let manifest {
            let differences = try await verify(manifest, directory, download)
            guard differences.isEmpty || force else {
                throw differ(differences, directory: directory, run: record.run)
            }
            collected.differences = differences.map(\.description)
            collected.verified = isFinal && differences.isEmpty
        }
        if !collected.verified {
            collected.unsynced = try Salvage(manifest: manifest, directory: directory)
                .run(cloud.remains(of: record, in: folder)) { steps.line.say("  \(harmless($0))") }
        }
        // After a power cut the page cache is gone, and by then the bucket would be too.
        try await steps.run("making sure that the disk has it") {
            try await context.keep(directory)
        }
        record.stage = .collected
        record.completeness = collected.verified ? .verified : .asFound
        try folder.write(record)
        return collected
    }

    /// Downloads anew what an earlier call brought, where it is not there any more.
    ///
    /// - Parameter lack: what is wrong with it, as a sentence without its end.
    /// - Throws: `Failure` where the bucket has it no more either; nothing is destroyed then.
    func collectAgain(
        _ record: inout RunRecord, lack: String, destination: String
    ) async throws -> Collected {
        let client = try client(of: record)
        var reason = "its bucket holds no manifest any more"
        var data: Data?
        do {
            data = try await client.read(
                BucketLayout.manifest, limit: JSONFormat.maximumManifestBytes)
        } catch let failure as Failure {
            reason = "its bucket cannot be read: \(failure.summary)"
        }
        guard data != nil else {
            throw Failure(
                "\(lack), and \(reason); nothing is destroyed",
                hint: "put it back in its place and call this again; or remove the run without it: "
                    + "train finish \(record.run) --force \(record.run)")
        }
        steps.line.say("  \(lack); downloading it again")
        // Not back to `started`: another computer may look at the stage in the state bucket.
        record.completeness = .unverified
        try folder.write(record)
        return try await collect(&record, outcome: nil, destination: destination, force: false)
    }

    private func client(of record: RunRecord) throws -> StoreClient {
        try record.client(runner: context.runner)
            .with(holding: [lock.descriptor])
            .with(environment: [OrphanedTransfers.mark: folder.path])
    }

    /// nil where there is none; by force also where it cannot be read as one.
    private func manifest(_ client: StoreClient, force: Bool) async throws -> Manifest? {
        let data = try await client.read(
            BucketLayout.manifest, limit: JSONFormat.maximumManifestBytes)
        guard let data else { return nil }
        do {
            return try JSONFormat.decode(
                Manifest.self, from: data, name: "\(client.url)/\(BucketLayout.manifest)")
        } catch let failure as Failure where force {
            steps.line.say("  going on without a manifest: \(harmless(failure.summary))")
            return nil
        }
    }

    /// Compares every byte; what differs is fetched once more before it counts.
    private func verify(
        _ manifest: Manifest, _ directory: String, _ download: Download
    ) async throws -> [Difference] {
        var differences = try await compare(manifest, directory)
        if !differences.isEmpty {
            try await download.again(differences.map(\.path), to: directory)
            let paths = Set(differences.map { PathKey($0.path) })
            var part = manifest
            part.files = manifest.files.filter { paths.contains(PathKey($0.path)) }
            differences = try await compare(part, directory)
        }
        if !differences.isEmpty, !manifest.final {
            differences = await NewerObjects(
                differences, of: manifest, directory: directory,
                listing: try await download.list(), md5: download.client.store.listedMD5
            ).remaining
        }
        return differences
            + NameClash.find(manifest) { context.fileIdentity("\(directory)/\($0)") }
    }

    private func compare(_ manifest: Manifest, _ directory: String) async throws -> [Difference] {
        let bar = ProgressBar(
            title: "checking", totalFiles: manifest.files.count, totalBytes: manifest.totalBytes)
        let done = Mutex(ManifestCheck.Progress(files: 0, bytes: 0))
        let progress = TransferProgress(bar: bar, steps: steps) {
            let now = done.withLock { $0 }
            return (now.files, now.bytes)
        }
        let differences = try await progress.during {
            await ManifestCheck.compare(manifest, directory: directory) { now in
                // They come from several threads, and not in order.
                done.withLock { if now.files > $0.files { $0 = now } }
            }
        }
        try Task.checkCancellation()
        return differences
    }

    private func notFinal(_ record: RunRecord, outcome: Outcome?) -> Failure {
        let run = record.run
        let reason =
            outcome == nil
            ? "the agent of \(run) is gone, and its last sync is not done"
            : "the last sync of \(run) is not verified, so the bucket may lack some of its output"
        return Failure(
            reason + "; nothing is destroyed",
            hint: "collect what there is, the machine's own directories too: "
                + "train finish \(run) --force \(run)")
    }

    private func differ(_ differences: [Difference], directory: String, run: RunName) -> Failure {
        let shown = differences.prefix(20).map { "  \(harmless($0.description))" }
        let more = differences.count > 20 ? ["  and \(differences.count - 20) more"] : []
        return Failure(
            "\(counted(differences.count, "file")) in \(quoted(directory)) not as the manifest says; "
                + "nothing is destroyed",
            detail: (shown + more).joined(separator: "\n"),
            hint: "call this again to fetch them anew; or take the rest without them: "
                + "train finish \(run) --force \(run)")
    }
}
