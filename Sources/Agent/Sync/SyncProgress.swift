import Shared

/// What status, events and log say of the syncs.
final class SyncProgress {
    private let context: SyncContext
    private let ledger: UploadLedger
    private let log: Log
    private let report: @Sendable (RunStatus.SyncRecord) -> Void
    private var record = RunStatus.SyncRecord()
    /// How many files the status names of a kind.
    private static let mostNamed = 20

    /// - Parameter report: gets the record after every sync.
    init(
        _ context: SyncContext, ledger: UploadLedger, log: Log,
        report: @escaping @Sendable (RunStatus.SyncRecord) -> Void
    ) {
        self.context = context
        self.ledger = ledger
        self.log = log
        self.report = report
    }

    /// Syncs that failed since the last that did not.
    var failures: Int { record.consecutiveFailures }

    /// Reports the record as it is now.
    func tell() {
        record.generation = ledger.manifest.generation
        record.files = ledger.manifest.files
        record.bytes = ledger.manifest.bytes
        record.partialFiles = ledger.partialNames
        report(record)
    }

    /// Reports it with this error.
    func tell(error: String) {
        record.lastError = error
        tell()
    }

    /// Reports that there is nothing to sync with.
    func tellNoStore() {
        tell(error: "this run has no store: output and logs stay on this machine")
    }

    /// Tells of files that can never go up, each for the first time: those that hold something before
    /// others, and how many there are where they are too many to name.
    func tell(skipped: [String]) {
        for line in skipped {
            let holdsNothing = RunStatus.SyncRecord.holdsNothing(line)
            if !holdsNothing { record.skippedCount = (record.skippedCount ?? 0) + 1 }
            if record.skippedFiles.count < Self.mostNamed {
                record.skippedFiles.append(line)
            } else if !holdsNothing,
                let last = record.skippedFiles.lastIndex(
                    where: RunStatus.SyncRecord.holdsNothing)
            {
                record.skippedFiles[last] = line
            } else {
                continue
            }
            context.event(.warning, "not uploaded: \(line)", nil)
        }
    }

    /// Tells of files of which no version could be taken whole for too long.
    func tell(waiting: [UploadSelector.Overdue]) {
        let now = context.now().timeIntervalSince1970
        let lines = waiting.prefix(Self.mostNamed).map { file in
            let whole = file.lastWhole.map {
                "the last whole one is of \(TimeSpan(seconds: max(0, now - Double($0) / 1e9))) ago"
            }
            return "\(quoted(file.path)): \(whole ?? "no whole one is up")"
        }
        record.waitingFiles = lines.isEmpty ? nil : lines
    }

    /// Tells of objects beside the run's own among its output: the manifest does not vouch for them,
    /// and to load a model that somebody planted is to run their code.
    func tell(foreign: [String]) {
        record.foreignFiles = Array(foreign.prefix(Self.mostNamed))
        guard let first = foreign.first else { return }
        context.event(
            .warning,
            "among the output in the bucket this run did not put \(foreign.count) of the objects, "
                + "such as \(quoted(first)); no manifest names them",
            ["files": .array(foreign.prefix(Self.mostNamed).map { .string($0) })])
    }

    /// Tells what the training writes into its code directory: at first, and when the first of it
    /// is beyond the limit.
    func tell(stray: RunStatus.StrayFiles?) {
        let former = record.stray
        record.stray = stray
        guard let stray else { return }
        let names = { (files: [RunStatus.StrayFiles.File]) in
            files.prefix(3).map { $0.text }.joined(separator: ", ")
        }
        if former == nil {
            context.event(
                .warning,
                "the training writes into its code directory, not into its output directory: "
                    + names(stray.largest)
                    + (stray.isKept
                        ? "; it goes up below \(BucketLayout.stray)/" : "; it stays there"),
                nil)
        }
        if stray.leftFiles > 0, former?.leftFiles ?? 0 == 0 {
            context.event(
                .warning, "beyond --stray, and not uploaded: \(names(stray.left))", nil)
        }
    }

    /// Tells that the training is over and has left nothing in its output directory.
    func tell(outputIsEmpty: Bool) {
        if outputIsEmpty, record.isOutputEmpty == nil {
            context.event(
                .warning, "the output directory is empty: the training wrote nothing into it", nil)
        }
        record.isOutputEmpty = outputIsEmpty ? true : nil
    }

    /// Below it a sync's time is that of its processes, and says nothing of the store's speed: in
    /// bytes.
    private static let muchToMove: Int64 = 8 << 20

    /// Tells what a sync has moved, and notes how fast: the mean of what was known and of this sync.
    func tell(_ result: TransferResult, took: Duration) {
        record.largestBytes = max(record.largestBytes ?? 0, result.bytes)
        if result.bytes >= Self.muchToMove, took > .zero {
            let speed = Double(result.bytes) / took.seconds
            record.bytesPerSecond = record.bytesPerSecond.map { ($0 + speed) / 2 } ?? speed
        }
        context.event(
            .sync, "synced \(result.files) files, \(result.bytes) bytes",
            [
                "files": .integer(Int64(result.files)), "bytes": .integer(result.bytes),
                "seconds": .number(took.seconds),
                "generation": .integer(Int64(ledger.manifest.generation)),
            ])
    }

    /// Tells of a failure that is followed by another attempt.
    func tellRetry(of error: any Error, after pause: Duration) {
        context.event(.retry, "restore: \(error)", ["wait_seconds": .number(pause.seconds)])
    }

    /// Notes whether anything on the machine is not in the bucket.
    func noteUnsynced(_ left: Int) {
        if left == 0 {
            record.unsyncedSince = nil
        } else if record.unsyncedSince == nil {
            record.unsyncedSince = context.now()
        }
    }

    /// Notes that a sync went through.
    func succeed() {
        record.lastError = nil
        record.consecutiveFailures = 0
        record.lastSuccessAt = context.now()
    }

    /// Counts a failure, and tells it.
    func fail(_ error: any Error) {
        // Who cancels a sync knows; it is no fault of the store.
        if Task.isCancelled || error is CancellationError { return }
        let failure = error as? Failure ?? Failure("\(error)")
        record.consecutiveFailures += 1
        record.lastError = failure.summary
        noteUnsynced(1)
        // Once: each line in agent.log is itself something to upload.
        if record.consecutiveFailures == 1 {
            log.warning("sync: \(failure.description)")
            if let hint = failure.hint { context.event(.warning, "the sync fails: \(hint)", nil) }
        }
        context.event(
            .retry, "sync failed: \(failure.summary)",
            ["failures": .integer(Int64(record.consecutiveFailures))])
    }

    /// Notes and tells that the bucket was compared with its own listing.
    func verify() {
        record.verified = true
        record.missingFiles = []
        noteUnsynced(0)
        let (files, bytes) = (ledger.manifest.files, ledger.manifest.bytes)
        let verdict = "the last sync is verified: \(files) files"
        log.info(verdict)
        context.event(
            .sync, verdict,
            [
                "files": .integer(Int64(files)), "bytes": .integer(bytes),
                "generation": .integer(Int64(ledger.manifest.generation)),
            ])
    }

    /// Says why the final sync is not verified, and names what is not up.
    func unverified(_ cause: Failure, unsent: [String]) -> Failure {
        record.missingFiles = Array(unsent.prefix(Self.mostNamed))
        let more = unsent.count > Self.mostNamed ? ["…"] : []
        let shown = (record.missingFiles.map { quoted($0) } + more).joined(separator: ", ")
        let detail = [cause.detail, shown.isEmpty ? nil : "not uploaded: \(shown)"]
        return Failure(
            "the last sync is not verified: \(cause.summary)",
            detail: detail.compactMap { $0 }.joined(separator: "\n"),
            hint: "the machine's disk still holds everything; do not delete it")
    }
}
