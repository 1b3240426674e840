import Shared

/// Copies files between two syncs that the next one may find open again.
///
/// A checkpoint that is written in place again and again is seldom closed just when a sync looks. So
/// what a sync found waiting is looked at until the next one, and copied at the first close that the
/// kernel knows to be its writer's own. The copy goes up where the file itself still cannot; where it
/// can, and is the same, the copy was taken earlier than it would have been, and costs nothing.
final class RestlessFiles {
    private struct File {
        var isLink: Bool
        /// The number of the last sync that found it waiting.
        var waitedAt: Int
        /// Until then its copy is not replaced by that of a later version: copying takes a twentieth
        /// of the time at most.
        var restsUntil = Duration.zero
    }

    private let context: SyncContext
    private let ledger: UploadLedger
    private let quietCopy: QuietCopy
    private let writers = WriterDetector()
    private var files: [PathKey: File] = [:]
    /// A tree of its own for each, so that a copy that fails leaves the one before it.
    private var copies: [PathKey: StagedTree] = [:]
    private var treeCount = 0
    private var passes = 0
    private var passedAt = Duration.zero
    /// Where there are no leases, a look reads all of `/proc`.
    private var cost = Duration.zero

    private static let mostFiles = 64
    /// For how many syncs a file is looked at that waited once.
    private static let passesKept = 10
    /// After half an interval: a file whose closes all are shorter than `ClosedFiles.quietTime`.
    private static let shortRest: Duration = .milliseconds(100)
    private static let patience: Duration = .milliseconds(200)
    private static let lookInterval: Duration = .milliseconds(200)

    init(_ context: SyncContext, ledger: UploadLedger) {
        self.context = context
        self.ledger = ledger
        quietCopy = QuietCopy(context: context)
    }

    /// Nothing is to be looked at.
    var isIdle: Bool { files.isEmpty }

    /// Until the next look: a twentieth of a core at most.
    var pause: Duration {
        let share = Duration.seconds(context.settings.intervalSeconds) / 8
        return max(min(Self.lookInterval, share), cost * 20)
    }

    /// Looks at these too until the next sync, and no longer at what has not waited for long.
    ///
    /// Only single files: of a checkpoint that is a directory, files of two versions would meet.
    func follow(_ waiting: [Int]) {
        passes += 1
        passedAt = context.stopwatch.elapsed
        for index in waiting {
            let path = ledger.path(index)
            guard files.count < Self.mostFiles || files[PathKey(path)] != nil,
                CheckpointDirectories.directory(of: path) == nil
            else { continue }
            let isLink = ledger[index].flags.contains(.link)
            files[PathKey(path), default: File(isLink: isLink, waitedAt: passes)].waitedAt = passes
        }
        for (key, file) in files where passes - file.waitedAt > Self.passesKept {
            files[key] = nil
            drop(key.path)
        }
    }

    /// Looks once at each file, and copies those that are whole.
    func look() async {
        let start = context.stopwatch.elapsed
        var copied = Duration.zero
        for (key, file) in files where !Task.isCancelled {
            guard let version = closedVersion(key.path, file) else { continue }
            let began = context.stopwatch.elapsed
            await copy(key.path, file, version)
            let end = context.stopwatch.elapsed
            copied += end - began
            files[key]?.restsUntil = end + (end - began) * 20
        }
        cost = context.stopwatch.elapsed - start - copied
    }

    /// The version of a file that has a copy.
    func version(of path: String) -> FileVersion? {
        copies[PathKey(path)]?.item(path)?.frozen.stamp
    }

    /// Hands the copy over to the tree that goes up.
    ///
    /// - Throws: `vanished` where there is none.
    func move(_ path: String, into tree: inout StagedTree) throws(Snapshotter.SnapshotError) {
        guard var copy = copies[PathKey(path)] else { throw .vanished }
        try tree.take(path, from: &copy)
        copies[PathKey(path)] = nil
        copy.discard()
    }

    /// A later version goes up: the copy is of no use any more.
    func drop(_ path: String) {
        guard var copy = copies.removeValue(forKey: PathKey(path)) else { return }
        copy.discard()
    }

    /// The version that is there, where its own writer closed it and it is neither up nor copied.
    private func closedVersion(_ path: String, _ file: File) -> FileVersion? {
        guard
            let descriptor = try? Snapshotter.open(
                context.trees.source(of: path), followingLink: file.isLink)
        else { return nil }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return nil }
        let version = FileVersion(information)
        if let known = self.version(of: path),
            known.isSameContent(as: version) || context.stopwatch.elapsed < file.restsUntil
        {
            return nil
        }
        if let index = ledger.index(of: path), let up = ledger[index].up,
            up.stamp.isSameContent(as: version)
        {
            return nil
        }
        guard !writers.isWritable(descriptor), !context.trainer.isTrainerGone,
            isClosed(WriterDetector.Identity(information), version)
        else { return nil }
        return version
    }

    private var isLate: Bool {
        context.stopwatch.elapsed - passedAt
            >= .seconds(context.settings.intervalSeconds / 2)
    }

    private func isClosed(_ identity: WriterDetector.Identity, _ version: FileVersion) -> Bool {
        context.trainer.drain()
        return context.trainer.isComplete(
            identity, version, after: isLate ? Self.shortRest : ClosedFiles.quietTime)
    }

    private func copy(_ path: String, _ file: File, _ version: FileVersion) async {
        guard hasRoom(for: version.size), let index = ledger.index(of: path) else { return }
        treeCount += 1
        var tree = StagedTree(
            directory: "\(context.place.directory)/restless-\(treeCount)", md5: ledger.listedMD5)
        let upload = PendingUpload(
            index: index, path: path, stamp: version, isLink: file.isLink, kind: .stale,
            pendingSince: .zero, mayWait: false)
        do {
            try await quietCopy.stage(
                upload, from: context.trees.source(of: path), into: &tree, within: Self.patience,
                if: isClosed)
            drop(path)
            copies[PathKey(path)] = tree
        } catch {
            // Opened again, or removed: at one of the next looks.
            tree.discard()
        }
    }

    /// The copies stay until the next sync: they take less of the disk than those of a transfer may.
    private func hasRoom(for size: Int64) -> Bool {
        let held = copies.values.reduce(0) { $0 + $1.copiedBytes }
        return StagingPlace.hasRoom(for: (held + size) * 2, at: context.place.directory)
    }
}
