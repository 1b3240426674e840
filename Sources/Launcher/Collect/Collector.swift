import Shared

/// Downloads one run's output and checks it against the manifest.
struct Collector: Sendable {
    let context: Context
    let cloud: any Cloud
    let folder: RunFolder
    let steps: Steps

    /// - Parameter force: take what there is, final or not.
    /// - Throws: `Failure` where anything is missing; nothing is destroyed then.
    func collect(
        _ record: inout RunRecord, outcome: Outcome?, destination: String, force: Bool
    ) async throws -> Collected {
        let client = try record.client(runner: context.runner)
        let manifest = try await steps.run("reading the manifest") {
            try await self.manifest(client, force: force)
        }
        let isFinal = manifest?.final == true
        guard isFinal || force else { throw notFinal(record, outcome: outcome) }
        let directory = try CollectionDirectory(context: context, folder: folder)
            .prepare(&record, destination: destination, bytes: manifest?.totalBytes ?? 0)

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
                .run(cloud.remains(of: record, in: folder))
        }
        record.stage = .collected
        try folder.write(record)
        return collected
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
        guard !differences.isEmpty, !manifest.final else { return differences }
        return await NewerObjects(
            differences, of: manifest, directory: directory, listing: try await download.list(),
            md5: download.client.store.listedMD5
        ).remaining
    }

    private func compare(_ manifest: Manifest, _ directory: String) async throws -> [Difference] {
        let bar = ProgressBar(
            title: "checking", totalFiles: manifest.files.count, totalBytes: manifest.totalBytes)
        let started = ContinuousClock.now
        let line = steps.line
        let differences = await ManifestCheck.compare(manifest, directory: directory) { progress in
            line.update(
                bar.text(
                    files: progress.files, bytes: progress.bytes, startBytes: 0,
                    seconds: (ContinuousClock.now - started).seconds))
        }
        line.clear()
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
