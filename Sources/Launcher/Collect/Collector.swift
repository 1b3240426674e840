import Shared
import Synchronization

/// Downloads one run's output and checks it against the manifest.
struct Collector: Sendable {
    let lock: DownloadLock
    let steps: Steps

    /// - Parameters:
    ///   - status: what the agent said last; nil if that is not known.
    ///   - force: take what there is, final or not.
    /// - Throws: `Failure` if anything is missing; nothing is destroyed then.
    func collect(
        _ run: inout RunHandle, status: RunStatus?, destination: String, force: Bool
    ) async throws -> FinishResult {
        let client = try client(of: run)
        let manifest = try await steps.run("reading the manifest") {
            try await self.manifest(client, force: force)
        }
        let isFinal = manifest?.final == true
        guard isFinal || force else { throw notFinal(run.name, status) }
        let download = Download(client: client, steps: steps)
        let contents = try await download.contents(of: manifest, force: force)
        if let manifest, let former = run.record.collection {
            links(manifest, in: former).remove()
        }
        let directory = try prepare(&run, destination, bytes: contents.bytesToCome)
        try await download.run(contents, to: directory)
        var result = FinishResult(
            run: run.name, directory: directory, files: contents.files, bytes: contents.bytes,
            verified: isFinal, outcome: status?.outcome)
        result.gaps = SyncGaps(status?.sync)
        if let manifest {
            let differences = try await verify(manifest, directory, download, run.context)
            result.differences = differences.map(\.description)
            if isFinal {
                let unlisted = UnlistedFiles(manifest: manifest, directory: directory)
                result.unlisted = try await offTaskThreads(untilCancelled: unlisted.setAside)
                result.differences += doubts(manifest, status, unlisted: result.unlisted)
            }
            result.verified = isFinal && result.differences.isEmpty
        }
        if let manifest {
            for line in links(manifest, in: directory).make() {
                steps.line.say("  \(oneLine(line))")
            }
        }
        let lost = result.gaps.lost
        guard force || (result.differences.isEmpty && lost.isEmpty) else {
            throw CollectRefusal(result: result, lost: lost).failure
        }
        if !result.verified || !lost.isEmpty {
            let code = try? CodeBaseline(
                reading: WorkDirectory(run.cloud.directories(of: run).work).codeBaseline)
            let files = UnsyncedFiles(manifest: manifest, directory: directory, code: code)
            let (saved, left) = try await files.save(run.cloud.unsyncedDirectories(of: run))
            result.unsynced = saved
            for text in left { steps.line.say("  \(text)") }
        }
        // After a power cut the page cache is gone, and by then the bucket would be too.
        let keep = run.context.keep
        try await steps.run("making sure that the disk has it") { try await keep(directory) }
        run.record.stage = .collected
        run.record.completeness = result.verified ? .verified : .asFound
        try run.save()
        run.context.state.collected()?.add(
            CollectedRuns.Entry(
                run: run.name, directory: directory, createdAt: run.record.createdAt,
                collectedAt: run.context.now()))
        return result
    }

    private func links(_ manifest: Manifest, in directory: String) -> DirectoryLinks {
        DirectoryLinks(manifest) { "\(directory)/\($0)" }
    }

    private func prepare(
        _ run: inout RunHandle, _ destination: String, bytes: Int64
    ) throws -> String {
        let former = run.record.collection
        let directory = try DownloadDirectory(context: run.context, folder: run.folder)
            .prepare(&run.record, destination: destination, bytes: bytes)
        if let former, former != directory, isDirectory(former) {
            steps.line.say("  what an earlier call downloaded stays in \(former)")
        }
        return directory
    }

    /// Downloads anew what an earlier call brought and is not there any more.
    ///
    /// - Parameter lack: what is wrong with it, as a sentence without its end.
    /// - Throws: `Failure` if the bucket has it no more either; nothing is destroyed then.
    func collectAgain(
        _ run: inout RunHandle, lack: String, destination: String
    ) async throws -> FinishResult {
        let client = try client(of: run)
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
                    + "train finish \(run.name) --force \(run.name)")
        }
        steps.line.say("  \(lack); downloading it again")
        // Not back to `started`: another computer may look at the stage in the state bucket.
        run.record.completeness = .unverified
        try run.save()
        return try await collect(&run, status: nil, destination: destination, force: false)
    }

    private func client(of run: RunHandle) throws -> StoreClient {
        try run.record.client(runner: run.context.runner)
            .with(holding: [lock.descriptor])
            .with(environment: [OrphanedTransfers.mark: run.folder.path])
    }

    /// What makes a final manifest itself doubtful: it proves only the files that it names.
    private func doubts(
        _ manifest: Manifest, _ status: RunStatus?, unlisted: [String]
    ) -> [String] {
        var doubts: [String] = []
        // A status of the final sync describes this very manifest; an older one may name files that
        // were deleted since.
        if let sync = status?.sync, sync.verified, manifest.files.count < sync.files {
            doubts.append(
                "the manifest names \(counted(manifest.files.count, "file")), but the agent synced "
                    + "\(counted(sync.files, "file"))")
        }
        let output = Array("\(BucketLayout.output)/".utf8)
        let namesOutput = manifest.files.contains { $0.path.utf8.starts(with: output) }
        let strays = unlisted.filter { $0.utf8.starts(with: output) }.count
        if !namesOutput, strays > 0 {
            doubts.append(
                "the manifest names nothing in output/, but the bucket holds "
                    + "\(counted(strays, "file")) there")
        }
        return doubts
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
        _ manifest: Manifest, _ directory: String, _ download: Download, _ context: Context
    ) async throws -> [Difference] {
        var differences = try await compare(manifest, directory)
        if !differences.isEmpty {
            try await download.again(differences.map(\.path), of: manifest, to: directory)
            let paths = Set(differences.map { PathKey($0.path) })
            var part = manifest
            part.files = manifest.files.filter { paths.contains(PathKey($0.path)) }
            differences = try await compare(part, directory)
        }
        if !differences.isEmpty, !manifest.final {
            differences = await NewerObjects(
                differences, of: manifest, directory: directory,
                listing: try await download.list(), md5: download.client.store.traits.listedMD5
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

    private func notFinal(_ run: RunName, _ status: RunStatus?) -> Failure {
        let reason =
            status?.outcome == nil
            ? "the agent of \(run) is gone, and its last sync is not done"
            : "the last sync of \(run) is not verified, so the bucket may lack some of its output"
        let gaps = SyncGaps(status?.sync).lines
        return Failure(
            reason + "; nothing is destroyed",
            detail: gaps.isEmpty ? nil : gaps.joined(separator: "\n"),
            hint: "collect what there is, the machine's own directories too: "
                + "train finish \(run) --force \(run)")
    }
}

/// Why what was downloaded is not enough to remove the run.
struct CollectRefusal: Sendable {
    let result: FinishResult
    /// What never went up and is lost with the machine.
    let lost: [String]

    private static let mostShown = 20

    var failure: Failure {
        let run = result.run
        var parts: [String] = []
        if !result.differences.isEmpty {
            parts.append(
                "\(counted(result.differences.count, "file")) in \(quoted(result.directory)) not as "
                    + "the manifest says")
        }
        if !lost.isEmpty {
            parts.append("\(counted(lost.count, "file")) left out of the bucket")
        }
        let lines = list(result.differences) + list(lost.map { "left out: \($0)" })
        return Failure(
            parts.joined(separator: ", and ") + "; nothing is destroyed",
            detail: lines.joined(separator: "\n"),
            hint: result.differences.isEmpty
                ? "get them from the machine while it is there; or remove the run without them: "
                    + "train finish \(run) --force \(run)"
                : "call this again to fetch them anew; or take the rest without them: "
                    + "train finish \(run) --force \(run)")
    }

    private func list(_ lines: [String]) -> [String] {
        let more = lines.count - Self.mostShown
        return lines.prefix(Self.mostShown).map { "  \(oneLine($0))" }
            + (more > 0 ? ["  and \(more) more"] : [])
    }
}
