import Shared

extension SyncEngine {
    /// Scan, transfer, manifest: one sync.
    ///
    /// - Parameter last: the trainer is gone; nothing waits, and the caller writes the manifest.
    /// - Throws: `Failure` of the store, or of a file that could not be read.
    func sync(last: Bool) async throws {
        let start = watch.elapsed
        isLastSync = last
        patienceLeft = Self.patienceForAll
        let (pending, found) = scan()
        let (jobs, waiting) = judge(pending, last: last)
        var moved = Moved()
        if !jobs.isEmpty || carried != nil {
            if record.unsyncedSince == nil { record.unsyncedSince = now() }
            // What it names must be as it says.
            if isFinalUp { try await writeManifest(final: false) }
            try await makeRoom(for: jobs)
            moved = try await transfer(jobs, last: last)
            if !moved.torn.isEmpty {
                let again = try await transfer(moved.torn, last: last)
                moved.files += again.files
                moved.bytes += again.bytes
                moved.left += again.left + again.torn.count
                moved.failures += again.failures
            }
        }
        if !last {
            markDoomed(after: found, waiting: waiting + moved.left)
            let isNews = isManifestBehind
            if isManifestBehind { try await writeManifest(final: false) }
            try await deleteDoomed()
            if isNews { tell(moved, since: start) }
            try await sendRunFiles(onlyIfDue: true)
        }
        noteUnsynced(waiting + moved.left)
        if let failure = moved.failures.first { throw failure }
        if last { try checkAllWent(moved, found) }
    }

    /// The last sync must have sent all that was there when it began: what it left out for any reason
    /// would be missing from a manifest that says `final`.
    ///
    /// A process that outlived its trainer can still write; the caller tries again.
    private func checkAllWent(_ moved: Moved, _ found: Scanner.Report) throws {
        if let directory = found.unread.first {
            throw Failure(
                "\(directory): what lies there was not looked at",
                hint: "let the agent read it, or leave it out with --exclude")
        }
        guard moved.left == 0 else {
            throw Failure("\(moved.left) files changed while they were sent")
        }
    }

    private func tell(_ moved: Moved, since start: Duration) {
        event(
            .sync, "synced \(moved.files) files, \(moved.bytes) bytes",
            [
                "files": .integer(Int64(moved.files)), "bytes": .integer(moved.bytes),
                "seconds": .number((watch.elapsed - start).seconds),
                "generation": .integer(Int64(record.generation)),
            ])
    }

    func noteUnsynced(_ left: Int) {
        if left == 0 {
            record.unsyncedSince = nil
        } else if record.unsyncedSince == nil {
            record.unsyncedSince = now()
        }
    }

    /// Sends the files of `run/` that changed, at most once a second.
    ///
    /// Apart from `gate`: a status must get through while a large transfer runs.
    func publish() async {
        guard client != nil else { return }
        await publishGate.alone {
            do {
                try prepare()
                try await sendRunFiles(onlyIfDue: false)
            } catch {
                fail(error)
                report(record)
            }
        }
    }

    /// - Parameter onlyIfDue: a heartbeat that nothing else accompanies waits for its time.
    func sendRunFiles(onlyIfDue: Bool) async throws {
        guard let client else { return }
        if onlyIfDue, !runFiles.isDue(at: watch.elapsed) { return }
        guard !runFiles.changed().isEmpty else { return }
        let wait = runFiles.wait(at: watch.elapsed)
        if wait > .zero { try await clock.sleep(for: wait) }
        var batch = try frozenRunFiles()
        defer { batch.discard() }
        let items = Array(batch.items.values)
        // A new line of the events; the status is written anew all the time.
        if batch.item(BucketLayout.events) != nil {
            await Disk.flush(file: runFiles.source(of: BucketLayout.events))
        }
        if items.count == 1, let item = items.first {
            try await client.upload(file: batch.file(of: item.path), as: item.path)
        } else if !items.isEmpty {
            try await client.upload(
                tree: batch.directory, known: table.records.count, isOurs: true)
        }
        runFiles.markSent(items.map { ($0.path, $0.frozen.stamp) }, at: watch.elapsed)
    }

    private func frozenRunFiles() throws -> Batch {
        var batch = newBatch()
        do {
            try runFiles.stage(into: &batch)
            return batch
        } catch {
            batch.discard()
            guard error == .diskFull else { throw error.failure }
        }
        var spare = Batch(directory: "\(place.memory)/\(batchNumber)")
        do {
            try runFiles.stage(into: &spare)
        } catch {
            spare.discard()
            throw error.failure
        }
        return spare
    }
}
