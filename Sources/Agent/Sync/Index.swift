import Shared

// What is up, from one process to the next.

extension SyncEngine {
    /// Reads the journal into the table, and writes it anew where most of it is history.
    func loadIndex() {
        for entry in journal.load() {
            switch entry {
            case .uploaded(let path, let up):
                let index = table.index(of: path)
                table[index].up = up
                table[index].flags.subtract([.doomed, .retired])
                isManifestBehind = true
                if path.hasSuffix(BucketLayout.partialSuffix), !exists(source(of: path)) {
                    record.partialFiles.append(path)
                }
            case .deleted(let path):
                let index = table.index(of: path)
                table[index].up = nil
                table[index].flags.remove(.doomed)
            case .doomed(let path):
                table[table.index(of: path)].flags.insert(.doomed)
                isManifestBehind = true
            case .retired(let path, let stamp):
                let index = table.index(of: path)
                table[index].current = stamp
                table[index].flags.insert(.retired)
            case .halfWritten(let path, let stamp):
                halfWritten[PathKey(path)] = stamp
            case .rewritten(let stamp):
                rewritten.insert(stamp)
            case .manifest(let generation, let final):
                record.generation = generation
                isManifestBehind = false
                isFinalUp = final
            case .restored:
                permission = .given
            }
        }
        // Perhaps the next one was written, and only the line that says so was not.
        if isManifestBehind { skippedGenerations = 1 }
        let isMostlyHistory = journal.lines > 10_000 && journal.lines > table.records.count * 2
        if isMostlyHistory || journal.isDamaged { try? rewriteIndex() }
    }

    /// Appends to the journal. Where that is not possible, as on a full disk, the sync goes on: what a
    /// restarted agent does not know to be up goes up again.
    func remember(_ entries: [IndexJournal.Entry]) {
        do {
            if isJournalBehind {
                try rewriteIndex()
            } else {
                try journal.append(entries)
            }
            isJournalBehind = false
        } catch {
            if !isJournalBehind { event(.warning, (error as? Failure)?.summary ?? "\(error)", nil) }
            isJournalBehind = true
        }
    }

    /// Writes the journal anew: just what is, without how it came to be.
    func rewriteIndex() throws {
        var entries: [IndexJournal.Entry] = []
        for index in table.records.indices {
            let file = table[index]
            if let up = file.up { entries.append(.uploaded(table.path(index), up)) }
            if file.flags.contains(.doomed) { entries.append(.doomed(table.path(index))) }
            if file.flags.contains(.retired) {
                entries.append(.retired(table.path(index), file.current))
            }
        }
        entries += rewritten.stamps.map { .rewritten($0) }
        entries += halfWritten.map { .halfWritten($0.key.path, $0.value) }
        if permission == .given { entries.append(.restored) }
        // Before what it does not tell of, or after all that it does.
        let manifest = IndexJournal.Entry.manifest(record.generation, final: isFinalUp)
        if isManifestBehind { entries.insert(manifest, at: 0) } else { entries.append(manifest) }
        try journal.rewrite(entries)
    }

    /// The files that the next manifest names, sorted by path.
    private func namedFiles() -> [Int] {
        table.records.indices.filter {
            table[$0].up != nil && !table[$0].flags.contains(.doomed)
        }.sorted { table.isOrdered($0, $1) }
    }

    /// Writes the manifest of the next generation, here and, as the last object, in the bucket.
    func writeManifest(final: Bool) async throws {
        guard let client else { return }
        let generation = record.generation + 1 + skippedGenerations
        let files = namedFiles()
        var bytes: Int64 = 0
        var text = ManifestText(
            generation: generation, createdAt: now(), final: final, files: files.count)
        for index in files {
            guard let up = table[index].up else { continue }
            bytes += up.size
            text.add(
                table.path(index), size: up.size, mtime: up.stamp.mtime, crc32c: up.crc32c)
        }
        // Google takes one write a second for one object.
        if let last = manifestWrittenAt {
            let wait = RunFiles.spacing - (watch.elapsed - last)
            if wait > .zero { try await clock.sleep(for: wait) }
        }
        let file = try keepManifest(text.finish())
        try await client.upload(file: file, as: BucketLayout.manifest)
        manifestWrittenAt = watch.elapsed
        isFinalUp = final
        skippedGenerations = 0
        record.generation = generation
        record.files = files.count
        record.bytes = bytes
        isManifestBehind = false
        remember([.manifest(generation, final: final)])
    }

    /// Beside the status, whole or not at all; in memory where the disk is full.
    private func keepManifest(_ data: Data) throws -> String {
        let file = runDirectory + "/manifest.json"
        do {
            try AtomicFile.write(data, to: file)
            return file
        } catch {
            try makeDirectories(place.memory, mode: 0o700)
            let spare = place.memory + "/manifest.json"
            try AtomicFile.write(data, to: spare)
            return spare
        }
    }

    /// What the bucket must list, for a comparison.
    func manifest() -> Manifest {
        let entries = namedFiles().compactMap { index -> Manifest.Entry? in
            table[index].up.map { up in
                Manifest.Entry(
                    path: table.path(index), size: up.size, mtime: up.stamp.mtime,
                    crc32c: up.crc32c)
            }
        }
        return Manifest(
            generation: record.generation, createdAt: now(), final: false, files: entries)
    }
}
