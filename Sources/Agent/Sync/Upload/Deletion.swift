import Shared

/// The only code that deletes in a bucket: for `--mirror` and `--keep_last`, and what stands in the
/// way of a new file. The manifest stops naming an object first; only then it is deleted.
struct Deletion {
    let client: StoreClient
    let context: SyncContext
    let ledger: UploadLedger
    let stager: Stager
    let manifest: ManifestWriter

    /// Marks what is to be deleted.
    ///
    /// - Parameter isSettled: no file waits.
    func mark(after found: Scanner.Report, isSettled: Bool) {
        // An empty tree is more often a lost disk than a wish (TPI emptied buckets by it).
        let isMirror = context.settings.mirror && found.isComplete && found.files > 0
        let gone = isMirror ? goneFiles() : []
        let retired = isSettled ? context.settings.keepLast.map(retiredFiles) ?? [] : []
        ledger.markSuperseded(retired)
        ledger.markForDeletion(gone + retired)
    }

    private var uploaded: [Int] {
        ledger.indices.filter {
            ledger.isUp($0)
                && ledger.flags($0).isDisjoint(with: [.pendingDeletion, .superseded])
        }
    }

    private func goneFiles() -> [Int] {
        let partials = Set(ledger.partialNames.map { PathKey($0) })
        return uploaded.filter {
            ledger.isGone($0) && !partials.contains(PathKey(ledger.path($0)))
        }
    }

    /// Files of checkpoints that are older than the newest `keep` of their series.
    private func retiredFiles(keeping keep: Int) -> [Int] {
        let present = uploaded.filter { !ledger[$0].flags.contains(.log) }
        let files = present.map { index in
            Retention.File(path: ledger.path(index), mtime: ledger[index].up?.stamp.mtime ?? 0)
        }
        guard !Retention.superseded(files, keeping: keep, best: []).isEmpty else { return [] }
        return Retention.superseded(files, keeping: keep, best: bestTargets()).map { present[$0] }
    }

    /// What links called best point to, wherever below `output/` they are, as paths of objects.
    private func bestTargets() -> [String] {
        guard let root = realPath(context.trees.output) else { return [] }
        let isBest = { (path: String) in
            path.utf8.starts(with: "\(BucketLayout.output)/".utf8)
                && Retention.isBest(path.split(separator: "/").last ?? "")
        }
        let directories = ledger.manifest.links.filter { isBest($0.path) }.map(\.target)
        return directories
            + ledger.indices.compactMap { index in
                guard !ledger.flags(index).isDisjoint(with: [.link, .unsupported]),
                    ledger.isPresent(index)
                else { return nil }
                let path = ledger.path(index)
                guard isBest(path), let target = realPath(context.trees.source(of: path)),
                    target.utf8.starts(with: "\(root)/".utf8)
                else { return nil }
                return BucketLayout.output + target.dropFirst(root.count)
            }
    }

    /// Deletes what is marked, once the bucket's manifest no longer names it.
    ///
    /// - Throws: the store's `Failure`.
    func deleteMarked() async throws {
        guard !ledger.manifest.isBehind else { return }
        let marked = ledger.indices.filter { ledger.flags($0).contains(.pendingDeletion) }
        guard !marked.isEmpty else { return }
        let paths = marked.map { ledger.path($0) }
        try await client.delete(paths)
        ledger.recordDeleted(paths)
        context.event(
            .sync, "deleted \(paths.count) objects", ["files": .integer(Int64(paths.count))])
    }

    /// Takes out of the bucket what no directory can hold beside what is to go up: `a` beside `a/b`.
    ///
    /// The trainer itself has replaced the one by the other.
    ///
    /// - Throws: the store's `Failure`; the next sync tries again, before it sends anything.
    func makeRoom(for uploads: [PendingUpload]) async throws {
        let new = uploads.filter { ledger[$0.index].up == nil }.map(\.path)
        guard !new.isEmpty else { return }
        try await listUnrecorded()
        let staged = stager.kept?.items.values.filter { $0.origin != nil }.map(\.path) ?? []
        let paths = ledger.conflicts(with: new, staged: staged)
        guard !paths.isEmpty else { return }
        stager.removeKept(paths)
        let up = paths.compactMap { ledger.index(of: $0) }.filter { ledger[$0].up != nil }
        ledger.markForDeletion(up.filter { !ledger[$0].flags.contains(.pendingDeletion) })
        if !up.isEmpty, ledger.manifest.isBehind { try await manifest.write(final: false) }
        try await client.delete(paths)
        ledger.recordDeleted(paths)
        for index in up {
            context.event(
                .warning,
                "deleted \(quoted(ledger.path(index))) in the bucket: its name is taken by "
                    + "what is new on the machine", nil)
        }
    }

    /// Lists the bucket once in this process's life, to know what is in it without a record.
    ///
    /// - Throws: the store's `Failure`.
    func listUnrecorded() async throws {
        guard !ledger.hasListing else { return }
        ledger.recordListing(try await client.list())
    }
}
