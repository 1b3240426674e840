import Shared
import Synchronization

/// Keeps the bucket as the machine is, and proves it at the end. See docs/sync.md for the promises.
///
/// One sync at a time; between syncs and during transfers `publish` may pass. Runs on a thread of
/// its own, since most of what it does blocks.
actor SyncEngine {
    /// Whether output and logs may go up: never before a restore, never after one that failed.
    enum Permission: Equatable {
        case notRestored
        case given
        case refused(String)
    }

    let job: Job
    let client: StoreClient?
    let runDirectory: String
    let stateDirectory: String
    let log: Log
    let clock: any Clock<Duration>
    let now: @Sendable () -> Date
    let report: @Sendable (RunStatus.SyncRecord) -> Void
    let event: @Sendable (Event.Kind, String, [String: JSONValue]?) -> Void

    /// In bytes: what is smaller is always copied.
    let smallestLink: Int64
    let watch: Stopwatch
    let place: StagingPlace
    let scanner: Scanner
    let openFiles = OpenFiles()
    /// The trainer that runs, where one does. What it had open when it died is closed too, so no look
    /// at a file counts once it is gone.
    private let trainer = Mutex<ProcessIdentity?>(nil)
    let gate = Gate()
    let publishGate = Gate()
    var retry: Retry
    private let executor = BlockingExecutor(label: "sync")

    var isPrepared = false
    var permission = Permission.notRestored
    var record = RunStatus.SyncRecord()
    var table = FileTable()
    var scanNumber: UInt32 = 0
    var journal: IndexJournal
    /// The journal could not be written, and lacks what happened since.
    var isJournalBehind = false
    /// The bucket's manifest does not tell all that the journal does.
    var isManifestBehind = false
    var manifestWrittenAt: Duration?
    /// The bucket's manifest says `final`: of an attempt before this one, or of the last sync.
    var isFinalUp = false
    /// Generations that may have been used without our knowing.
    var skippedGenerations = 0
    /// What a transfer that failed, or died with its agent, has brought up or may have.
    var perhapsUp = Set<PathKey>()
    /// The bucket was listed by this process: `perhapsUp` has what former ones left there.
    var knowsBucket = false
    /// What could not be sent, frozen as it was: the next attempt goes on with it.
    var carried: Batch?
    var batchNumber = 0
    /// The trainer is gone: this sync is the last one, or a repetition of it.
    var isLastSync = false
    var runFiles: RunFiles
    /// What the store's MD5s are of, where they are all it lists: see `ListedHashes.swift`.
    var listedMD5: MD5Tag.Kind?
    /// What dead writers left half-written, by path, as it was at their death.
    var halfWritten: [PathKey: Stamp] = [:]
    /// Of those, what is up under which name.
    var partials: [PathKey: (name: String, stamp: Stamp)] = [:]

    /// How often the last sync met each of these in the middle of being written: by a program that
    /// outlived its trainer.
    var restless: [PathKey: Int] = [:]

    /// How long this sync may still wait for restless files to be closed.
    var patienceLeft = patienceForAll

    /// Versions that were written to in place while a link of ours was on them.
    var rewritten = RewrittenLinks()

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - client: nil where the run has no store: then nothing here does anything.
    ///   - runDirectory: holds `status.json`, `events.jsonl` and `capsule.json`, the agent's.
    ///   - stateDirectory: this engine's own: what is up, and what is being sent.
    ///   - smallestLink: a hard link is free, but a program that writes into a file after renaming it
    ///     into place waits until its transfer is killed; a copy of a few megabytes costs as little.
    ///   - clock: for waits and intervals; the wall clock only for what people read.
    ///   - report: gets the record after every sync.
    ///   - event: gets what belongs into `events.jsonl`.
    init(
        job: Job, client: StoreClient?, runDirectory: String, stateDirectory: String, log: Log,
        smallestLink: Int64 = 8 << 20, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Date,
        report: @escaping @Sendable (RunStatus.SyncRecord) -> Void,
        event: @escaping @Sendable (Event.Kind, String, [String: JSONValue]?) -> Void
    ) {
        self.job = job
        self.client = client?.with(environment: [OrphanedTransfers.mark: stateDirectory])
        self.runDirectory = runDirectory
        self.stateDirectory = stateDirectory
        self.log = log
        self.smallestLink = smallestLink
        self.clock = clock
        self.now = now
        self.report = report
        self.event = event
        watch = Stopwatch(clock)
        place = StagingPlace(output: job.directories.output, stateDirectory: stateDirectory)
        scanner = Scanner(
            roots: [
                Scanner.Root(prefix: BucketLayout.output, directory: job.directories.output),
                Scanner.Root(prefix: BucketLayout.logs, directory: job.directories.logs),
            ],
            patterns: PathPatterns(job.sync.exclude),
            foreign: [stateDirectory, runDirectory, place.directory])
        journal = IndexJournal(path: stateDirectory + "/index.tsv")
        runFiles = RunFiles(directory: runDirectory)
        listedMD5 = client?.store.listedMD5
        retry = Retry()
        retry.first = .seconds(5)
        retry.longest = .seconds(300)
        retry.clock = clock
    }

    deinit { journal.shut() }

    /// Syncs every interval, counted from the end of one to the start of the next, until cancelled.
    ///
    /// After a failure the waits grow instead: a bucket that is away a moment is tried again soon,
    /// one that stays away is not hammered.
    func loop() async {
        var pause = Duration.seconds(job.sync.intervalSeconds)
        while !Task.isCancelled {
            for await _ in Ticks.every(pause) { break }
            if Task.isCancelled { return }
            await tick()
            pause =
                record.consecutiveFailures == 0
                ? .seconds(job.sync.intervalSeconds)
                : retry.wait(before: record.consecutiveFailures)
        }
    }

    /// One sync. Never throws: a failure is counted in the record and told as an event.
    func tick() async {
        guard client != nil else { return withoutStore() }
        await gate.alone {
            do {
                try prepare()
                guard permission == .given else {
                    try await sendRunFiles(onlyIfDue: true)
                    return
                }
                try await sync(last: false)
                succeed()
            } catch {
                fail(error)
            }
            report(record)
        }
    }

    /// Tells which trainer runs from now on; nil that its end is known.
    nonisolated func watch(_ identity: ProcessIdentity?) { trainer.withLock { $0 = identity } }

    /// Its death has not been told yet (`trainerEnded`): what it left half-written looks at rest.
    var isTrainerGone: Bool { trainer.withLock { $0.map { !$0.isRunning } ?? false } }

    /// Makes this engine's directories and reads what a former process knew.
    func prepare() throws {
        guard !isPrepared else { return }
        try makeDirectories(stateDirectory, mode: 0o700)
        OrphanedTransfers.end(of: stateDirectory)
        loadIndex()
        // Before the links go: without them nobody could tell any more.
        let found = RewrittenLinks.below(place.directory)
        remember(found.map { .rewritten($0) })
        for stamp in found { rewritten.insert(stamp) }
        try place.prepare()
        isPrepared = true
    }

    func withoutStore() {
        record.lastError = "this run has no store: output and logs stay on this machine"
        report(record)
    }

    private func succeed() {
        record.lastError = nil
        record.consecutiveFailures = 0
        record.lastSuccessAt = now()
    }

    func fail(_ error: any Error) {
        // Who cancels a sync knows; it is no fault of the store.
        if Task.isCancelled || error is CancellationError { return }
        let failure = error as? Failure ?? Failure("\(error)")
        record.consecutiveFailures += 1
        record.lastError = failure.summary
        if record.unsyncedSince == nil { record.unsyncedSince = now() }
        // Once: each line in agent.log is itself something to upload.
        if record.consecutiveFailures == 1 { log.warning("sync: \(failure.description)") }
        event(
            .retry, "sync failed: \(failure.summary)",
            ["failures": .integer(Int64(record.consecutiveFailures))])
    }
}
