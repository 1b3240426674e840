import Shared

/// Decides what of the pending files goes up now, and how.
final class UploadSelector {
    let context: SyncContext
    let ledger: UploadLedger
    private let stray: StrayFiles
    private let restless: RestlessFiles
    private var scanner: Scanner
    private let writers = WriterDetector()
    /// How often the final sync found each of these being written to: by a program that outlived its
    /// trainer.
    private var unstable: [PathKey: Int] = [:]
    /// In bytes.
    private static let largeLog: Int64 = 16 << 20
    /// A file that waits for longer than two intervals.
    struct Overdue {
        var path: String
        /// When the version that is up was written, in nanoseconds since 1970.
        var lastWhole: Int64?
    }

    /// Of the last selection.
    private(set) var overdue: [Overdue] = []
    /// On the monotonic clock.
    private var walkedAt = Duration.zero
    private static let walkInterval: Duration = .seconds(300)
    /// The last walk missed a file for the first time.
    private var mustConfirm = false
    /// Found so more often, a file goes up as it is, beside its name.
    private static let mostTries = 2

    init(
        _ context: SyncContext, ledger: UploadLedger, stray: StrayFiles, restless: RestlessFiles
    ) {
        self.context = context
        self.ledger = ledger
        self.stray = stray
        self.restless = restless
        scanner = Self.scanner(context, [])
    }

    private static func scanner(_ context: SyncContext, _ more: [Scanner.Root]) -> Scanner {
        Scanner(
            roots: context.trees.roots + more, patterns: PathPatterns(context.settings.exclude),
            foreign: context.foreign)
    }

    /// Scans these trees too from now on.
    func scan(also roots: [Scanner.Root]) { scanner = Self.scanner(context, roots) }

    /// After this long a file is no longer waited for.
    private var maxStaleness: Duration { .seconds(context.settings.maxStalenessSeconds) }

    /// Finds the files that are not up as they are.
    ///
    /// Where the kernel reports what happens in the trees and has nothing to report, nothing is walked
    /// but every five minutes: an event can be missing for a file with a name outside the trees, or
    /// with other times alone. A walk that misses a file is followed by a second one, since it may have
    /// passed by a rename: only then does the manifest tell that the file is gone, and a checkpoint
    /// that the trainer removed must not come back on a machine that takes over before five minutes.
    ///
    /// - Parameter isComplete: walk in any case.
    /// - Returns: them, and what else the walk met.
    func scan(isComplete: Bool) -> (pending: [Int], report: Scanner.Report) {
        context.trainer.drain()
        let isQuiet = context.trainer.takeChanges() == FileWatch.Changes()
        let time = context.stopwatch.elapsed
        // A mirror deletes what two walks did not see.
        let mustWalk = isComplete || mustConfirm || context.settings.mirror
        if isQuiet, !mustWalk, time - walkedAt < Self.walkInterval,
            let pending = ledger.revisit(with: scanner)
        {
            return (pending, Scanner.Report())
        }
        walkedAt = time
        let found = ledger.scan(with: scanner)
        mustConfirm = ledger.hasVanished
        return found
    }

    /// Selects among the pending files, and remembers what was seen of the others.
    ///
    /// - Parameter isFinal: the trainer is gone: nothing waits any more.
    /// - Returns: the uploads, and how many files wait for a later sync.
    func select(_ pending: [Int], isFinal: Bool) -> (uploads: [PendingUpload], waiting: Int) {
        let time = context.stopwatch.elapsed
        let pending = stray.withinLimit(pending, ledger)
        findRewritten(pending.filter { isFinal || !isThinned($0, time) })
        let files = pending.filter { !ledger[$0].flags.contains(.log) }
        let open = writers.writable(
            among: Dictionary(
                files.map { (ledger.identity($0), ledger.source(of: $0)) },
                uniquingKeysWith: { $1 }))
        // This is read after the look, or a writer that opens a file again in between would not be
        // noticed.
        context.trainer.drain()
        // This is asked after the look: a process that still runs has itself closed what is closed.
        let isOrphaned = context.trainer.isTrainerGone
        var uploads: [PendingUpload] = []
        var waiting: [Int] = []
        for index in pending {
            ledger.markPending(index, at: time)
            guard !ledger[index].flags.contains(.log) else {
                if !isFinal, isThinned(index, time) { continue }
                uploads.append(upload(index, .log, time))
                continue
            }
            let isOpen = open.contains(ledger.identity(index))
            let kind = kind(of: index, isOpen: isOpen, time: time, isFinal: isFinal)
            ledger.recordLook(index, wasOpen: isOpen || isOrphaned)
            if let kind {
                uploads.append(upload(index, kind, time))
            } else if !ledger.isUpAsPartial(index) {
                // What is up as `.partial` waits for nobody.
                waiting.append(index)
            }
            if kind == nil || kind == .partial, let copy = earlierCopy(index, isOpen: isOpen, time)
            {
                uploads.append(copy)
            }
        }
        var unfinished: [Int] = []
        if !isFinal {
            unfinished = holdBackUnfinished(&uploads)
            holdBack(&uploads, &waiting, time)
        }
        let copied = Set(uploads.filter { $0.kind == .copied }.map(\.index))
        overdue = waiting.filter { isPending($0, at: time, intervals: 2) && !copied.contains($0) }
            .map { Overdue(path: ledger.path($0), lastWhole: ledger[$0].up?.stamp.mtime) }
        if !isFinal { restless.follow(waiting) }
        return (uploads, waiting.count + unfinished.count)
    }

    /// The version that was copied when the file was closed between two syncs, where what is there now
    /// cannot go up under its name.
    private func earlierCopy(_ index: Int, isOpen: Bool, _ time: Duration) -> PendingUpload? {
        let current = ledger[index].current
        guard let version = restless.version(of: ledger.path(index)) else { return nil }
        if version.isSameContent(as: current) {
            // Closed, it waits for another look alone; and its writer may have left it incomplete.
            guard isOpen, ledger.partialState(index) == .unaffected else { return nil }
        }
        var copy = upload(index, .copied, time)
        copy.stamp = version
        return copy
    }

    /// Finds files that are called as if they only grew, and were written anew.
    func findRewritten(_ pending: [Int]) {
        for index in pending where ledger[index].flags.contains(.log) {
            guard let up = ledger[index].up, up.size > 0,
                !ledger.path(index).utf8.starts(with: "\(BucketLayout.logs)/".utf8),
                !GrowingFile.extends(ledger.source(of: index), up)
            else { continue }
            ledger.stopGrowing(index)
        }
    }

    /// Whether a large file that grows has not grown enough: it goes up whole each time. By an eighth,
    /// so that all of it together costs no more than eight times what was written.
    private func isThinned(_ index: Int, _ time: Duration) -> Bool {
        let size = ledger[index].current.size
        guard let up = ledger[index].up, up.size >= Self.largeLog, size >= up.size else {
            return false
        }
        return size - up.size < size / 8 && !isOverdue(index, time)
    }

    /// Notes that the final sync found these being written to.
    func recordUnstable(_ paths: [String]) {
        for path in paths { unstable[PathKey(path), default: 0] += 1 }
    }

    private func kind(
        of index: Int, isOpen: Bool, time: Duration, isFinal: Bool
    ) -> PendingUpload.Kind? {
        switch ledger.partialState(index) {
        case .toUpload: return .partial
        case .uploaded: return nil
        case .unaffected: break
        }
        let verdict = Settling.verdict(
            settlingCase(index, isOpen: isOpen, time: time), maxStaleness: maxStaleness)
        if case .whole(let byLink) = verdict { return .whole(byLink: byLink) }
        // Nobody waits for a program that outlived its trainer: what it has by now goes beside the file.
        if isFinal {
            let tries = unstable[PathKey(ledger.path(index)), default: 0]
            return isOpen || tries > Self.mostTries ? .partial : .whole(byLink: false)
        }
        switch verdict {
        case .whole, .waits: return nil
        case .secondLook: return .secondLook
        case .stale: return .stale
        }
    }

    func settlingCase(_ index: Int, isOpen: Bool, time: Duration) -> Settling.Case {
        let file = ledger[index]
        return Settling.Case(
            current: file.current, look: file.look, formerInode: file.up?.stamp.inode,
            isOpen: isOpen,
            isClosedByWriter: !isOpen
                && context.trainer.isComplete(ledger.identity(index), file.current),
            isInPlace: ledger.isWrittenInPlace(index),
            pendingFor: time - (file.pendingSince ?? time))
    }

    private func upload(
        _ index: Int, _ kind: PendingUpload.Kind, _ time: Duration
    ) -> PendingUpload {
        let file = ledger[index]
        let mayWait =
            switch kind {
            case .log, .partial, .stale: false
            case .whole, .secondLook, .copied: !isOverdue(index, time)
            }
        return PendingUpload(
            index: index, path: ledger.path(index), stamp: file.current,
            isLink: file.flags.contains(.link), kind: kind,
            pendingSince: file.pendingSince ?? time, mayWait: mayWait)
    }

    /// Keeps back what lies in a directory that its writer renames once the checkpoint in it is whole: up
    /// under both names, it would come home as a checkpoint that nobody finished.
    ///
    /// - Returns: these; after `--max_staleness` they go up all the same, as at the end.
    private func holdBackUnfinished(_ uploads: inout [PendingUpload]) -> [Int] {
        var unfinished: [Int] = []
        uploads.removeAll { upload in
            guard upload.mayWait, CheckpointDirectories.isUnfinished(upload.path) else {
                return false
            }
            unfinished.append(upload.index)
            return true
        }
        return unfinished
    }

    /// Keeps a file back while an older one of its directory is closed but not settled.
    ///
    /// A checkpoint's index is written last; up before its parts it would promise what is not
    /// there. Files that are open, or unsettled for too long, hold nobody back.
    private func holdBack(
        _ uploads: inout [PendingUpload], _ waiting: inout [Int], _ time: Duration
    ) {
        let closed = waiting.filter {
            ledger[$0].look?.wasOpen == false && !isOverdue($0, time)
        }
        let oldest = oldest(of: closed)
        guard !oldest.isEmpty else { return }
        uploads.removeAll { upload in
            guard upload.mayWait, let mtime = oldest[PathKey(parentDirectory(upload.path))],
                upload.stamp.mtime >= mtime
            else { return false }
            if upload.kind != .copied { waiting.append(upload.index) }
            return true
        }
    }

    private func isPending(_ index: Int, at time: Duration, intervals: Double) -> Bool {
        let limit = Duration.seconds(context.settings.intervalSeconds * intervals)
        return ledger[index].pendingSince.map { time - $0 >= limit } ?? false
    }

    private func isOverdue(_ index: Int, _ time: Duration) -> Bool {
        ledger[index].pendingSince.map { time - $0 >= maxStaleness } ?? false
    }

    /// The earliest time of writing among these, by directory.
    func oldest(of indices: [Int]) -> [PathKey: Int64] {
        var oldest: [PathKey: Int64] = [:]
        for index in indices {
            let directory = PathKey(parentDirectory(ledger.path(index)))
            oldest[directory] = min(oldest[directory] ?? .max, ledger[index].current.mtime)
        }
        return oldest
    }
}
