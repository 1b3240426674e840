import Shared

/// Changes the bucket: sends staged trees, the files of `run/` and the manifest, and deletes.
final class Uploader {
    let client: StoreClient
    let manifest: ManifestWriter
    let runFiles: RunFiles
    let deletion: Deletion
    private let context: SyncContext
    private let ledger: UploadLedger
    private let stager: Stager
    /// The files of `run/` could not be staged, which has been said.
    private var isStagingRefused = false

    init(_ client: StoreClient, _ context: SyncContext, ledger: UploadLedger, stager: Stager) {
        self.client = client
        self.context = context
        self.ledger = ledger
        self.stager = stager
        manifest = ManifestWriter(client, context, ledger: ledger)
        runFiles = RunFiles(client, context, ledger: ledger, stager: stager)
        deletion = Deletion(
            client: client, context: context, ledger: ledger, stager: stager, manifest: manifest)
    }

    /// Sends one tree and remembers what is up. The files of `run/` go with it.
    ///
    /// - Parameters:
    ///   - isFinal: there may be seconds: the disk writes while the network sends.
    ///   - isKept: whether what could not be sent stays frozen for the next attempt.
    /// - Throws: the store's `Failure`.
    func send(
        _ tree: inout StagedTree, _ result: inout TransferResult, isFinal: Bool, isKept: Bool
    ) async throws {
        guard !tree.isEmpty else { return }
        let ticket = stageRunFiles(into: &tree)
        var isUp = false
        defer { runFiles.finish(ticket, isUp: isUp) }
        // What the bucket has this disk must hold too: after a power cut the next attempt goes on from
        // it, and a file that lost its bytes would go up as a new version.
        let places = [
            context.trees.output, context.trees.logs, context.trees.code, context.runDirectory,
        ]
        async let isOnDisk: Void = Disk.flush(places)
        if !isFinal { await isOnDisk }
        for path in stager.releaseOpened(&tree) { result.recordUnstable(path) }
        while !tree.isEmpty {
            let leases = LinkLeases(tree)
            defer { leases.release() }
            do {
                let (directory, known) = (tree.directory, ledger.indices.count)
                try await leases.guarding { [client] in
                    try await client.with(holding: leases.descriptors)
                        .upload(tree: directory, known: known, isOurs: true)
                }
            } catch is LinkLeases.Wanted {
                for path in leases.lost {
                    stager.release(path, of: &tree)
                    sendAgain(path, &result)
                }
                continue
            } catch {
                ledger.recordPossible(tree.items.values.filter { $0.origin != nil }.map(\.path))
                // What is frozen is what a repetition of the transfer can go on with.
                if isKept { stager.keep(&tree) } else { stager.release(&tree) }
                throw error
            }
            await isOnDisk
            isUp = true
            return recordSent(&tree, &result)
        }
    }

    private func stageRunFiles(into tree: inout StagedTree) -> RunFiles.Ticket? {
        do {
            let ticket = try runFiles.stage(into: &tree)
            isStagingRefused = false
            return ticket
        } catch {
            // Status and events must not keep output from the bucket.
            if !isStagingRefused {
                context.event(
                    .warning, "status and events wait for room: \(error.failure.summary)", nil)
            }
            isStagingRefused = true
            return nil
        }
    }

    private func recordSent(_ tree: inout StagedTree, _ result: inout TransferResult) {
        let items = tree.items.values.filter { $0.origin != nil }
        let torn = Set(
            items.filter { !Snapshotter.isStill($0.frozen, at: tree.file(of: $0.path)) }
                .map { PathKey($0.path) })
        // Removing a link changes the inode's ctime: first remove, then look.
        tree.discard()
        var uploads: [UploadedObject] = []
        for item in items {
            let origin = item.origin ?? item.path
            if torn.contains(PathKey(item.path)) {
                // This happens only where a writer waited for the lease longer than its system
                // allows.
                ledger.recordDiffering([origin])
                sendAgain(origin, &result)
                continue
            }
            var stamp = item.frozen.stamp
            if item.frozen.method == .link { stamp.ctime = currentChangeTime(of: origin, stamp) }
            if let index = ledger.index(of: item.path) {
                context.trainer.forget(ledger.identity(index), item.frozen.stamp)
            }
            uploads.append(
                UploadedObject(
                    path: item.path, origin: origin, frozen: item.frozen.stamp,
                    up: FileTable.Uploaded(
                        stamp: stamp, size: item.frozen.size, crc32c: item.frozen.crc32c,
                        md5: item.frozen.md5),
                    isPartial: item.isPartial))
            result.files += 1
            result.bytes += item.frozen.size
        }
        ledger.recordUploaded(uploads)
    }

    private func currentChangeTime(of path: String, _ stamp: FileVersion) -> Int64 {
        var information = stat()
        guard stat(context.trees.source(of: path), &information) == 0 else { return stamp.ctime }
        let current = FileVersion(information)
        return current.isSameContent(as: stamp) ? current.ctime : stamp.ctime
    }

    /// By a copy, since its writer does not leave it alone.
    private func sendAgain(_ path: String, _ result: inout TransferResult) {
        let index = ledger.markInPlace(path)
        context.event(
            .warning, "\(quoted(path)) was written to while it was sent; it is sent again", nil)
        result.torn.append(
            PendingUpload(
                index: index, path: path, stamp: ledger[index].current, isLink: false,
                kind: .stale, pendingSince: .zero, mayWait: false))
    }
}
