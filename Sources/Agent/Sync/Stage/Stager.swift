import Shared

/// Freezes what is to go up, so that no transfer reads a changing file.
final class Stager {
    /// What could not be sent, frozen as it was: the next attempt goes on with it.
    private(set) var kept: StagedTree?
    private let ledger: UploadLedger
    private let trees: SyncedTrees
    private let place: StagingPlace
    private let secondLook: SecondLook
    private let restless: RestlessFiles
    private var quietCopy: QuietCopy
    private let writers = WriterDetector()
    /// In bytes: what is smaller is always copied.
    private let smallestLink: Int64
    private var treeCount = 0

    /// Sends a tree, and leaves of it what is not up; `isKept` where it may stay for the next attempt.
    typealias Send = (
        _ tree: inout StagedTree, _ result: inout TransferResult, _ isKept: Bool
    ) async throws -> Void

    init(
        _ context: SyncContext, ledger: UploadLedger, restless: RestlessFiles, smallestLink: Int64
    ) {
        self.ledger = ledger
        self.restless = restless
        self.smallestLink = smallestLink
        trees = context.trees
        place = context.place
        secondLook = SecondLook(context: context)
        quietCopy = QuietCopy(context: context)
    }

    /// A new sync begins.
    func beginPass() { quietCopy.beginPass() }

    /// An empty tree of its own.
    func newTree() -> StagedTree {
        treeCount += 1
        return StagedTree(directory: "\(place.directory)/\(treeCount)", md5: ledger.listedMD5)
    }

    /// The same in memory, for small files on a full disk.
    ///
    /// - Throws: `Failure` where there is no such place.
    func newTreeInMemory() throws -> StagedTree {
        try place.makeMemory()
        treeCount += 1
        return StagedTree(directory: "\(place.memory)/\(treeCount)", md5: ledger.listedMD5)
    }

    /// Stages these files and sends them, in one transfer where they fit on the disk.
    ///
    /// The older first: where one cannot be frozen now, what was written after it into its directory
    /// waits with it, as in `UploadSelector`.
    ///
    /// - Parameters:
    ///   - isFinal: nothing waits any more.
    ///   - result: gets what was moved and what was not, also where this throws.
    /// - Throws: what `send` throws.
    func stage(
        _ uploads: [PendingUpload], isFinal: Bool, _ result: inout TransferResult,
        send: Send
    ) async throws {
        var tree = kept ?? newTree()
        kept = nil
        var waiting = Set<PathKey>()
        for upload in uploads.filter({ $0.kind != .secondLook }).sorted(by: PendingUpload.isOlder) {
            let directory = PathKey(parentDirectory(upload.path))
            if !isFinal, upload.mayWait, waiting.contains(directory) {
                result.left += 1
                continue
            }
            let left = result.left
            let path = upload.kind == .partial ? ledger.partialName(for: upload.path) : upload.path
            // Frozen by an attempt that failed, and still the same.
            if upload.kind != .log, let item = tree.item(path),
                item.frozen.stamp.isSameContent(as: upload.stamp)
            {
                continue
            }
            release(path, of: &tree)
            do {
                try await stage(upload, as: path, into: &tree)
            } catch .diskFull {
                try await stageOnFullDisk(upload, as: path, &tree, &result, send)
            } catch {
                note(error, upload, &result)
            }
            if result.left > left {
                waiting.insert(directory)
            } else if upload.kind != .partial {
                restless.drop(upload.path)
            }
            if tree.linkCount == LinkLeases.most { try await send(&tree, &result, true) }
        }
        let looked = await secondLook.stage(uploads.filter { $0.kind == .secondLook }, into: &tree)
        result.left += looked.left
        for (upload, obstacle) in looked.failed { note(obstacle, upload, &result) }
        try await send(&tree, &result, true)
    }

    /// Keeps what could not be sent for the next attempt, where the disk has room for it.
    func keep(_ tree: inout StagedTree) {
        if StagingPlace.hasRoom(for: tree.copiedBytes, at: place.directory) {
            kept = tree
        } else {
            release(&tree)
        }
    }

    /// Drops all that is kept for the next attempt.
    func releaseKept() {
        guard var tree = kept else { return }
        kept = nil
        release(&tree)
    }

    /// Drops these objects from what is kept for the next attempt.
    func removeKept(_ paths: [String]) {
        for path in paths { kept?.remove(path) }
    }

    /// Removes one frozen file, and remembers where its source was written to meanwhile.
    func release(_ path: String, of tree: inout StagedTree) {
        guard let item = tree.item(path) else { return }
        noteRewritten(item, in: tree)
        tree.remove(path)
    }

    /// The same for all of them.
    func release(_ tree: inout StagedTree) {
        for item in tree.items.values { noteRewritten(item, in: tree) }
        tree.discard()
    }

    private func noteRewritten(_ item: StagedTree.Item, in tree: StagedTree) {
        guard let origin = item.origin,
            !Snapshotter.isStill(item.frozen, at: tree.file(of: item.path))
        else { return }
        ledger.markInPlace(origin)
    }

    /// A mapping made while a copy was taken may have written to the file unseen: such a copy is
    /// dropped.
    ///
    /// - Returns: the files that are therefore not sent.
    func releaseOpened(_ tree: inout StagedTree) -> [String] {
        var sources: [WriterDetector.Identity: String] = [:]
        var copies: [WriterDetector.Identity: [String]] = [:]
        for item in tree.items.values where !item.isPartial {
            guard !item.isKeptClosed, let origin = item.origin,
                let index = ledger.index(of: origin),
                !ledger[index].flags.contains(.log), ledger[index].current == item.frozen.stamp
            else { continue }
            let identity = ledger.identity(index)
            sources[identity] = trees.source(of: origin)
            copies[identity, default: []].append(item.path)
        }
        let opened = writers.writable(among: sources).flatMap { copies[$0] ?? [] }
        for path in opened { release(path, of: &tree) }
        return opened
    }

    private func stage(
        _ upload: PendingUpload, as path: String, into tree: inout StagedTree
    ) async throws(Snapshotter.SnapshotError) {
        let mayLink = isLinkSafe(upload)
        if !mayLink, upload.kind != .copied,
            !StagingPlace.hasRoom(for: upload.stamp.size, at: place.directory)
        {
            throw .diskFull
        }
        do {
            try await stageBytes(upload, as: path, byLink: mayLink, into: &tree)
        } catch .moved where upload.kind != .partial && restless.version(of: path) != nil {
            // Opened since it was selected.
            ledger.markInPlace(path)
            try restless.move(path, into: &tree)
        }
    }

    private func stageBytes(
        _ upload: PendingUpload, as path: String, byLink: Bool, into tree: inout StagedTree
    ) async throws(Snapshotter.SnapshotError) {
        switch upload.kind {
        case .copied: try restless.move(path, into: &tree)
        case .whole(byLink: false)
        where restless.version(of: path)?.isSameContent(as: upload.stamp) == true:
            try restless.move(path, into: &tree)
        case .whole, .secondLook:
            try freeze(upload, as: path, .whole, byLink: byLink, into: &tree)
        case .stale:
            try await quietCopy.stage(upload, from: trees.source(of: upload.path), into: &tree)
        case .partial: try freeze(upload, as: path, .asItIs, byLink: false, into: &tree)
        case .log:
            let lines = upload.path.hasSuffix(".jsonl")
            try freeze(upload, as: path, .prefix(lines: lines), byLink: false, into: &tree)
        }
    }

    /// A link carries the file's own time, and tools compare size and whole seconds: what changed
    /// within one second at the same size would be taken for what is up (gsutil #343).
    private func isLinkSafe(_ upload: PendingUpload) -> Bool {
        guard upload.kind == .whole(byLink: true), upload.stamp.size >= smallestLink else {
            return false
        }
        guard let up = ledger[upload.index].up else { return true }
        return up.size != upload.stamp.size
            || up.stamp.mtime / 1_000_000_000 != upload.stamp.mtime / 1_000_000_000
    }

    private func freeze(
        _ upload: PendingUpload, as path: String, _ extent: Snapshotter.Extent, byLink: Bool,
        into tree: inout StagedTree
    ) throws(Snapshotter.SnapshotError) {
        let source = trees.source(of: upload.path)
        let descriptor = try Snapshotter.open(source, followingLink: upload.isLink)
        defer { close(descriptor) }
        let known = upload.kind == .partial ? nil : ledger[upload.index].up
        var information = stat()
        fstat(descriptor, &information)
        let frozen = try tree.add(
            path, from: descriptor, named: source, origin: upload.path, extent: extent,
            expected: extent == .whole ? upload.stamp : nil, byLink: byLink,
            isPartial: upload.kind == .partial, known: known)
        // The object is as this version is: remember the version.
        if frozen == nil { ledger.recordUnchanged(upload.index, FileVersion(information)) }
    }

    /// Makes room by sending what is frozen; then tries a hard link, then memory.
    ///
    /// A link of a file that is not known to be renamed into place is checked after the transfer
    /// as every link is, and sent again where its writer touched it.
    private func stageOnFullDisk(
        _ upload: PendingUpload, as path: String, _ tree: inout StagedTree,
        _ result: inout TransferResult, _ send: Send
    ) async throws {
        if !tree.isEmpty {
            try await send(&tree, &result, true)
            do {
                return try await stage(upload, as: path, into: &tree)
            } catch .diskFull {
                // Not enough even so.
            } catch {
                return note(error, upload, &result)
            }
        }
        do {
            if case .whole = upload.kind {
                return try freeze(upload, as: path, .whole, byLink: true, into: &tree)
            }
        } catch .diskFull {
            // Another file system: a link is not possible, and the copy did not fit.
        } catch {
            return note(error, upload, &result)
        }
        guard upload.stamp.size <= StagingPlace.largestInMemory,
            StagingPlace.hasRoom(for: upload.stamp.size, at: parentDirectory(place.memory))
        else { return note(.diskFull, upload, &result) }
        var small = try newTreeInMemory()
        defer { small.discard() }
        do {
            try await stageBytes(upload, as: path, byLink: false, into: &small)
        } catch {
            return note(error, upload, &result)
        }
        try await send(&small, &result, false)
    }

    private func note(
        _ obstacle: Snapshotter.SnapshotError, _ upload: PendingUpload,
        _ result: inout TransferResult
    ) {
        switch obstacle {
        case .vanished: break
        case .moved:
            // A link that was made and removed meanwhile has changed the inode's ctime.
            ledger.markInPlace(upload.path)
            result.recordUnstable(upload.path)
        case .diskFull:
            result.left += 1
            result.failures.append(
                Failure(
                    "no space to freeze \(quoted(upload.path)), which is written in place",
                    hint: "free some space on the machine's disk"))
        case .failed(let failure):
            result.left += 1
            result.failures.append(failure)
        }
    }
}
