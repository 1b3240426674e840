import Shared

extension SyncEngine {
    /// Brings output and logs of earlier machines back, verified, before anything can be uploaded.
    ///
    /// What is on this machine already is never replaced: it is as new or newer. An older log of
    /// the same name comes back as `NAME.1`, so that no attempt's log is lost.
    ///
    /// - Returns: how many files came back; 0 where the bucket has no manifest, or where this
    ///   machine has them still.
    /// - Throws: `Failure`; output and logs are then never uploaded by this engine.
    func restore() async throws -> Int {
        guard client != nil else {
            permission = .given
            return 0
        }
        return try await gate.alone {
            try prepare()
            let count = try await restoreOnce()
            await withdrawFinal()
            // Where it fails now, the first sync with something new asks again.
            try? await lookForUnknown()
            return count
        }
    }

    /// A new attempt begins: the bucket no longer holds all that there will be.
    ///
    /// Else `finish` would take the attempt before for the whole run where this one's machine dies
    /// before its first sync. Where the store does not answer, the first sync does it before anything.
    private func withdrawFinal() async {
        guard isFinalUp else { return }
        do {
            try await retry.run(attempts: 3, onFailure: note) {
                try await self.writeManifest(final: false)
            }
        } catch {
            event(.warning, "the bucket still says that this run is over: \(error)", nil)
        }
    }

    @discardableResult
    func restoreOnce() async throws -> Int {
        do {
            let count = try await restoreNow()
            permission = .given
            isJournalBehind = true
            remember([])
            return count
        } catch {
            if Task.isCancelled || error is CancellationError { throw error }
            let failure = error as? Failure ?? Failure("\(error)")
            permission = .refused("the restore failed: \(failure.summary)")
            record.lastError = failure.summary
            report(record)
            throw failure
        }
    }

    private func restoreNow() async throws -> Int {
        if permission == .given, isDiskStillHere() { return 0 }
        let text = try await retry.run(attempts: 5, onFailure: note) { [client] in
            try await client?.read(
                BucketLayout.manifest, limit: JSONFormat.maximumManifestBytes)
        }
        guard let text else { return 0 }
        let manifest = try JSONFormat.decode(
            Manifest.self, from: text, name: BucketLayout.manifest)
        try refuseHostilePaths(manifest)
        table = FileTable()
        scanNumber = 0
        record.generation = manifest.generation
        isFinalUp = manifest.final
        record.files = manifest.files.count
        record.bytes = manifest.totalBytes
        guard !manifest.files.isEmpty else { return 0 }
        let (directory, files) = try await download(manifest)
        let count = try place(files, from: directory)
        try await rememberListedMD5()
        removeTree(directory)
        isManifestBehind = false
        return count
    }

    private func note(_ error: any Error, _ pause: Duration) {
        event(.retry, "restore: \(error)", ["wait_seconds": .number(pause.seconds)])
    }

    private func refuseHostilePaths(_ manifest: Manifest) throws {
        for entry in manifest.files {
            guard let objection = ManifestPath.objection(to: entry.path) else { continue }
            throw Failure("\(BucketLayout.manifest): \(quoted(entry.path)) \(objection)")
        }
    }

    /// Whether anything of what a former process uploaded is still here: then the disk is the same,
    /// and what lacks was deleted here by the trainer.
    private func isDiskStillHere() -> Bool {
        let known = table.records.indices.filter { table[$0].up != nil }
        return known.isEmpty
            || known.contains { index in
                var information = stat()
                return stat(source(of: table.path(index)), &information) == 0
                    && Stamp(information).inode == table[index].up?.stamp.inode
            }
    }

    /// Downloads what the manifest names and verifies it; once more what differs.
    private func download(_ manifest: Manifest) async throws -> (String, [Manifest.Entry]) {
        let directory = place.restored
        let trees = [BucketLayout.output, BucketLayout.logs].filter { tree in
            manifest.files.contains { $0.path.utf8.starts(with: "\(tree)/".utf8) }
        }
        var differences: [Difference] = []
        for _ in 1...2 {
            for difference in differences { removeTree("\(directory)/\(difference.path)") }
            for tree in trees {
                try await retry.run(attempts: 5, onFailure: note) { [client] in
                    try await client?.download(tree: tree, to: "\(directory)/\(tree)")
                }
            }
            differences = await ManifestCheck.compare(manifest, directory: directory)
            if differences.isEmpty { return (directory, manifest.files) }
        }
        // A sync that broke off has replaced objects without telling the manifest.
        let listing = try await client?.list() ?? []
        let newer = await NewerObjects(
            differences, of: manifest, directory: directory, listing: listing, md5: listedMD5)
        guard newer.remaining.isEmpty else {
            throw Failure(
                "what came back from the bucket is not what its manifest says",
                detail: newer.remaining.prefix(20).map(\.description).joined(separator: "\n"))
        }
        var accepted: [PathKey: Manifest.Entry] = [:]
        for entry in newer.accepted { accepted[PathKey(entry.path)] = entry }
        return (directory, manifest.files.map { accepted[PathKey($0.path)] ?? $0 })
    }

    /// Moves verified files to their places, each by a rename.
    private func place(_ files: [Manifest.Entry], from directory: String) throws -> Int {
        var count = 0
        for entry in files {
            let restored = "\(directory)/\(entry.path)"
            var path = entry.path
            if exists(source(of: path)) {
                // Known to be up, but not as what is here.
                remember(entry, as: path, Stamp(size: -1, mtime: 0, ctime: 0, inode: 0))
                guard path.utf8.starts(with: "\(BucketLayout.logs)/".utf8) else { continue }
                path = freeName(for: path, taken: files)
            }
            let target = source(of: path)
            try makeDirectories(parentDirectory(target))
            try move(restored, to: target, mtime: entry.mtime)
            count += 1
            guard path == entry.path else { continue }
            var information = stat()
            guard stat(target, &information) == 0 else {
                throw systemFailure("cannot read \(quoted(target))")
            }
            remember(entry, as: path, Stamp(information))
        }
        return count
    }

    private func remember(_ entry: Manifest.Entry, as path: String, _ stamp: Stamp) {
        var stamp = stamp
        if stamp.size < 0 { stamp.mtime = entry.mtime }
        table[table.index(of: path)].up = FileTable.Uploaded(
            stamp: stamp, size: entry.size, crc32c: entry.crc32c)
    }

    private func freeName(for path: String, taken files: [Manifest.Entry]) -> String {
        let names = Set(files.map { PathKey($0.path) })
        var number = 1
        while names.contains(PathKey("\(path).\(number)"))
            || exists(source(of: "\(path).\(number)"))
        {
            number += 1
        }
        return "\(path).\(number)"
    }

    private func move(_ source: String, to target: String, mtime: Int64) throws {
        let time = timespec(nanoseconds: mtime)
        guard utimensat(AT_FDCWD, source, [time, time], AT_SYMLINK_NOFOLLOW) == 0 else {
            throw systemFailure("cannot restore \(quoted(target))")
        }
        if rename(source, target) == 0 { return }
        guard errno == EXDEV else { throw systemFailure("cannot restore \(quoted(target))") }
        // Another file system: a copy, under its name only once it is whole.
        try WholeCopy.copy(source, to: target)
    }
}
