import Shared

/// What one sync moved.
struct Moved {
    var files = 0
    var bytes: Int64 = 0
    /// Their hard links changed under the transfer: to be sent again, by a copy.
    var torn: [SyncJob] = []
    /// What could not be frozen, and why.
    var failures: [Failure] = []
    /// Files that were to go up and did not, for reasons that the next sync will not have.
    var left = 0
}

extension SyncEngine {
    /// Freezes and sends these files, in one transfer where they fit on the disk.
    ///
    /// The older first: where one cannot be frozen now, what was written after it into its directory
    /// waits with it, as in `holdBack`.
    ///
    /// - Parameter last: nothing waits any more.
    /// - Throws: the store's `Failure`; what is frozen by then is kept for the next attempt.
    func transfer(_ jobs: [SyncJob], last: Bool) async throws -> Moved {
        var moved = Moved()
        var batch = carried ?? newBatch()
        carried = nil
        var waiting = Set<PathKey>()
        for job in jobs.filter({ $0.kind != .secondLook }).sorted(by: isOlder) {
            if !last, waiting.contains(PathKey(parentDirectory(job.path))), mayWait(job) {
                moved.left += 1
                continue
            }
            let left = moved.left
            let path = job.kind == .partial ? partialName(of: job.path) : job.path
            // Frozen by an attempt that failed, and still the same.
            if let item = batch.item(path), item.frozen.stamp.isSameContent(as: job.stamp),
                job.kind != .log
            {
                continue
            }
            letGo(path, of: &batch)
            do {
                try await stage(job, as: path, into: &batch)
            } catch .diskFull {
                try await stageOnFullDisk(job, as: path, batch: &batch, moved: &moved)
            } catch {
                note(error, job, &moved)
            }
            if moved.left > left { waiting.insert(PathKey(parentDirectory(job.path))) }
            if batch.linkCount == LinkLeases.most { try await send(&batch, &moved) }
        }
        await freezeAfterSecondLook(jobs.filter { $0.kind == .secondLook }, &batch, &moved)
        try await send(&batch, &moved)
        return moved
    }

    func newBatch() -> Batch {
        batchNumber += 1
        return Batch(
            directory: "\(place.directory)/\(batchNumber)", md5: listedMD5)
    }

    func source(of path: String) -> String {
        let output = BucketLayout.output + "/"
        if path.utf8.starts(with: output.utf8) {
            return "\(job.directories.output)/\(path.dropFirst(output.count))"
        }
        return "\(job.directories.logs)/\(path.dropFirst(BucketLayout.logs.count + 1))"
    }

    private func stage(
        _ job: SyncJob, as path: String, into batch: inout Batch
    ) async throws(Freezer.Obstacle) {
        let mayLink = isLinkSafe(job)
        if !mayLink, !StagingPlace.hasRoom(for: job.stamp.size, at: place.directory) {
            throw .diskFull
        }
        try await stageBytes(job, as: path, byLink: mayLink, into: &batch)
    }

    private func stageBytes(
        _ job: SyncJob, as path: String, byLink: Bool, into batch: inout Batch
    ) async throws(Freezer.Obstacle) {
        switch job.kind {
        case .whole, .secondLook: try freeze(job, as: path, .whole, byLink: byLink, into: &batch)
        case .stale: try await freezeAtQuietMoment(job, into: &batch)
        case .partial: try freeze(job, as: path, .asItIs, byLink: false, into: &batch)
        case .log:
            let lines = job.path.hasSuffix(".jsonl")
            try freeze(job, as: path, .prefix(lines: lines), byLink: false, into: &batch)
        }
    }

    /// A link carries the file's own time, and tools compare size and whole seconds: what changed
    /// within one second at the same size would be taken for what is up (gsutil #343).
    private func isLinkSafe(_ job: SyncJob) -> Bool {
        guard job.kind == .whole(byLink: true), job.stamp.size >= smallestLink else {
            return false
        }
        guard let up = table[job.index].up else { return true }
        return up.size != job.stamp.size
            || up.stamp.mtime / 1_000_000_000 != job.stamp.mtime / 1_000_000_000
    }

    func freeze(
        _ job: SyncJob, as path: String, _ extent: Freezer.Extent, byLink: Bool,
        into batch: inout Batch
    ) throws(Freezer.Obstacle) {
        let source = source(of: job.path)
        let descriptor = try Freezer.open(source, followingLink: job.isLink)
        defer { close(descriptor) }
        let known = job.kind == .partial ? nil : table[job.index].up
        var information = stat()
        fstat(descriptor, &information)
        let frozen = try batch.add(
            path, from: descriptor, named: source, origin: job.path, extent: extent,
            expected: extent == .whole ? job.stamp : nil, byLink: byLink,
            isPartial: job.kind == .partial, known: known)
        // The object is as this version is: remember the version.
        if frozen == nil { keepAsUp(job.index, Stamp(information)) }
    }

    private func keepAsUp(_ index: Int, _ stamp: Stamp) {
        table[index].up?.stamp = stamp
        // It was gone, and is back before the bucket lost it.
        if table[index].flags.contains(.doomed), let up = table[index].up {
            table[index].flags.remove(.doomed)
            isManifestBehind = true
            remember([.uploaded(table.path(index), up)])
        }
        table[index].look = nil
        table[index].pendingSince = nil
    }

    func note(_ obstacle: Freezer.Obstacle, _ job: SyncJob, _ moved: inout Moved) {
        switch obstacle {
        case .vanished: break
        case .moved:
            // A link that was made and removed meanwhile left its mark on the inode.
            table[job.index].flags.insert(.inPlace)
            noteRestless(job.path, &moved)
        case .diskFull:
            moved.left += 1
            moved.failures.append(
                Failure(
                    "no space to freeze \(quoted(job.path)), which is written in place",
                    hint: "free some space on the machine's disk"))
        case .failed(let failure):
            moved.left += 1
            moved.failures.append(failure)
        }
    }

    /// Counts what did not go up because it was being written to.
    private func noteRestless(_ path: String, _ moved: inout Moved) {
        moved.left += 1
        if isLastSync { restless[PathKey(path), default: 0] += 1 }
    }

    /// Makes room by sending what is frozen; then tries a hard link, then memory.
    ///
    /// A link of a file that is not known to be renamed into place is checked after the transfer
    /// as every link is, and sent again where its writer touched it.
    private func stageOnFullDisk(
        _ job: SyncJob, as path: String, batch: inout Batch, moved: inout Moved
    ) async throws {
        if !batch.isEmpty {
            try await send(&batch, &moved)
            do {
                return try await stage(job, as: path, into: &batch)
            } catch .diskFull {
                // Not enough even so.
            } catch {
                return note(error, job, &moved)
            }
        }
        do {
            if case .whole = job.kind {
                return try freeze(job, as: path, .whole, byLink: true, into: &batch)
            }
        } catch .diskFull {
            // Another file system: a link is not possible, and the copy did not fit.
        } catch {
            return note(error, job, &moved)
        }
        guard job.stamp.size <= StagingPlace.largestInMemory,
            StagingPlace.hasRoom(for: job.stamp.size, at: parentDirectory(place.memory))
        else { return note(.diskFull, job, &moved) }
        var small = Batch(directory: place.memory, md5: listedMD5)
        defer { small.discard() }
        do {
            try await stageBytes(job, as: path, byLink: false, into: &small)
        } catch {
            return note(error, job, &moved)
        }
        try await send(&small, &moved, isKept: false)
    }

    /// Sends one tree and remembers what is up. The files of `run/` go with it.
    ///
    /// - Parameter isKept: whether what could not be sent stays frozen for the next attempt.
    func send(_ batch: inout Batch, _ moved: inout Moved, isKept: Bool = true) async throws {
        guard let client, !batch.isEmpty else { return }
        let sentRun = stageRunFiles(into: &batch)
        // What the bucket has this disk must hold too: after a power cut the next attempt goes on from
        // it, and a file that lost its bytes would go up as a new version. At the end, which may be
        // one of seconds, the disk writes while the network sends.
        let places = [job.directories.output, job.directories.logs, runDirectory]
        async let isOnDisk: Void = Disk.flush(places)
        if !isLastSync { await isOnDisk }
        for path in dropWhatOpened(&batch) { noteRestless(path, &moved) }
        while !batch.isEmpty {
            let leases = LinkLeases(batch)
            defer { leases.release() }
            do {
                let (directory, known) = (batch.directory, table.records.count)
                try await leases.guarding {
                    try await client.with(holding: leases.descriptors)
                        .upload(tree: directory, known: known, isOurs: true)
                }
            } catch is LinkLeases.Wanted {
                for path in leases.lost {
                    letGo(path, of: &batch)
                    sendAgain(table.index(of: path), path, &moved)
                }
                continue
            } catch {
                perhapsUp.formUnion(
                    batch.items.values.filter { $0.origin != nil }.map { PathKey($0.path) })
                // What is frozen is what a repetition of the transfer can go on with.
                if isKept, StagingPlace.hasRoom(for: batch.copiedBytes, at: place.directory) {
                    carried = batch
                } else {
                    letGo(&batch)
                }
                throw error
            }
            await isOnDisk
            runFiles.markSent(sentRun, at: watch.elapsed)
            return markUp(&batch, &moved)
        }
    }

    private func stageRunFiles(into batch: inout Batch) -> [(path: String, stamp: Stamp)] {
        do {
            try runFiles.stage(into: &batch)
        } catch {
            // Status and events must not keep output from the bucket.
        }
        return batch.items.values.filter { $0.origin == nil }.map { ($0.path, $0.frozen.stamp) }
    }

    /// A mapping made while a copy was taken may have written to it unseen: such a copy is let go.
    ///
    /// - Returns: the files that are therefore not sent.
    private func dropWhatOpened(_ batch: inout Batch) -> [String] {
        var paths: [OpenFiles.Identity: String] = [:]
        var copies: [OpenFiles.Identity: [String]] = [:]
        for item in batch.items.values where !item.isPartial {
            guard let origin = item.origin, let index = table.existing(origin),
                !table[index].flags.contains(.log), table[index].current == item.frozen.stamp
            else { continue }
            paths[identity(index)] = source(of: origin)
            copies[identity(index), default: []].append(item.path)
        }
        let dropped = openFiles.writable(among: paths).flatMap { copies[$0] ?? [] }
        for path in dropped { letGo(path, of: &batch) }
        return dropped
    }

    private func markUp(_ batch: inout Batch, _ moved: inout Moved) {
        var entries: [IndexJournal.Entry] = []
        let items = batch.items.values.filter { $0.origin != nil }
        let torn = items.filter { !Freezer.isStill($0.frozen, at: batch.file(of: $0.path)) }
        // Removing a link changes the inode's ctime: first remove, then look.
        batch.discard()
        let tornPaths = Set(torn.map { PathKey($0.path) })
        for item in items {
            let origin = item.origin ?? item.path
            if tornPaths.contains(PathKey(item.path)) {
                noteTorn(table.index(of: origin), origin, &moved)
                continue
            }
            var stamp = item.frozen.stamp
            if item.frozen.method == .link { stamp.ctime = currentChangeTime(of: origin, stamp) }
            let up = FileTable.Uploaded(
                stamp: stamp, size: item.frozen.size, crc32c: item.frozen.crc32c,
                md5: item.frozen.md5)
            let index = table.index(of: item.path)
            perhapsUp.remove(PathKey(item.path))
            table[index].up = up
            table[index].flags.subtract([.doomed, .retired])
            table[index].look = nil
            table[index].pendingSince = nil
            entries.append(.uploaded(item.path, up))
            notePartial(item, origin: origin)
            moved.files += 1
            moved.bytes += item.frozen.size
        }
        if !entries.isEmpty { isManifestBehind = true }
        remember(entries)
    }

    private func currentChangeTime(of path: String, _ stamp: Stamp) -> Int64 {
        var information = stat()
        guard stat(source(of: path), &information) == 0 else { return stamp.ctime }
        let current = Stamp(information)
        return current.isSameContent(as: stamp) ? current.ctime : stamp.ctime
    }

    /// Its object can be torn: only where a writer waited longer for us than its system allows.
    private func noteTorn(_ index: Int, _ path: String, _ moved: inout Moved) {
        table[index].up = nil
        isManifestBehind = true
        sendAgain(index, path, &moved)
    }

    /// By a copy, since its writer does not leave it alone.
    private func sendAgain(_ index: Int, _ path: String, _ moved: inout Moved) {
        table[index].flags.insert(.inPlace)
        event(.warning, "\(quoted(path)) was written to while it was sent; it is sent again", nil)
        moved.torn.append(
            SyncJob(
                index: index, path: path, stamp: table[index].current, isLink: false,
                kind: .stale))
    }

    private func notePartial(_ item: Batch.Item, origin: String) {
        let key = PathKey(origin)
        if item.isPartial {
            partials[key] = (item.path, item.frozen.stamp)
            if !record.partialFiles.contains(item.path) { record.partialFiles.append(item.path) }
        } else if let former = partials.removeValue(forKey: key) {
            // The whole file is up: what was saved of its predecessor is no news any more.
            record.partialFiles.removeAll { $0 == former.name }
        }
    }

}
