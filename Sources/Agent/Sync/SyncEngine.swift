import Shared

/// Keeps the bucket as the machine is, and proves it at the end. See docs/sync.md for the promises.
///
/// Says when a sync happens and in which order its steps go. What each step knows is the state of
/// one of four classes, which never leave this actor: `UploadLedger`, `UploadSelector`, `Stager`
/// and `Uploader`. One sync at a time; between syncs and during transfers `publish` may pass. Runs
/// on a thread of its own, since most of what it does blocks.
actor SyncEngine {
    nonisolated let context: SyncContext
    let ledger: UploadLedger
    let selector: UploadSelector
    let stager: Stager
    /// nil where the run has no store: then nothing here does anything.
    let uploader: Uploader?
    let progress: SyncProgress
    let stray: StrayFiles
    let restless: RestlessFiles
    let gate = AsyncLock()
    var retry = Retry()
    /// Why output and logs must not go up: the restore failed.
    var refusal: String?
    private var isPrepared = false
    var isWatching = false
    private let executor = BlockingExecutor(label: "sync")

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - client: nil where the run has no store.
    ///   - runDirectory: holds `status.json`, `events.jsonl` and `capsule.json`, the agent's.
    ///   - stateDirectory: this engine's own: what is up, and what is being sent.
    ///   - smallestLink: a hard link is free, but a program that writes into a file after renaming it
    ///     into place waits until its transfer is killed; a copy of a few megabytes costs as little.
    ///   - watchesKernel: whether the kernel's word on who closed a file counts.
    ///   - clock: for waits and intervals; the wall clock only for what people read.
    ///   - report: gets the record after every sync.
    ///   - event: gets what belongs into `events.jsonl`.
    init(
        job: Job, client: StoreClient?, runDirectory: String, stateDirectory: String, log: Log,
        smallestLink: Int64 = 8 << 20, watchesKernel: Bool = true, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Date,
        report: @escaping @Sendable (RunStatus.SyncRecord) -> Void, event: @escaping SyncEvent
    ) {
        let trees = SyncedTrees(
            output: job.directories.output, logs: job.directories.logs,
            code: job.directories.code)
        context = SyncContext(
            settings: job.sync, trees: trees,
            place: StagingPlace(output: trees.output, stateDirectory: stateDirectory),
            runDirectory: runDirectory, stateDirectory: stateDirectory,
            trainer: TrainerWatch(
                isBlind: !watchesKernel, ends: job.work.observer + "/" + OrderlyEnds.name),
            clock: clock, stopwatch: Stopwatch(clock), now: now, event: event)
        ledger = UploadLedger(context, listedMD5: client?.store.traits.listedMD5)
        stray = StrayFiles(job)
        restless = RestlessFiles(context, ledger: ledger)
        selector = UploadSelector(context, ledger: ledger, stray: stray, restless: restless)
        stager = Stager(
            context, ledger: ledger, restless: restless, smallestLink: smallestLink)
        uploader = client.map { [context, ledger, stager] client in
            Uploader(
                client.with(environment: [OrphanedTransfers.mark: stateDirectory]), context,
                ledger: ledger, stager: stager)
        }
        progress = SyncProgress(context, ledger: ledger, log: log, report: report)
        retry.first = .seconds(5)
        retry.longest = .seconds(300)
        retry.clock = clock
    }

    /// Syncs every interval, counted from the end of one to the start of the next, until cancelled.
    ///
    /// After a failure the waits grow instead: a bucket that is away a moment is tried again soon,
    /// one that stays away is not hammered.
    func loop() async {
        while !Task.isCancelled {
            let failures = progress.failures
            let pause =
                failures == 0
                ? .seconds(context.settings.intervalSeconds) : retry.wait(before: failures)
            await rest(pause)
            if Task.isCancelled { return }
            await tick()
        }
    }

    /// Lets the time between two syncs pass, and copies meanwhile what the next may find open.
    private func rest(_ pause: Duration) async {
        var left = pause
        while left > .zero, !Task.isCancelled {
            let step = restless.isIdle ? left : min(left, restless.pause)
            for await _ in Ticks.every(step) { break }
            left -= step
            if left > .zero { await copyRestless() }
        }
    }

    /// Looks at the files that the last syncs found waiting, and copies those that are whole by now.
    func copyRestless() async {
        guard !restless.isIdle else { return }
        await gate.alone { if !Task.isCancelled { await restless.look() } }
    }

    /// One sync. Never throws: a failure is counted in the record and told as an event.
    func tick() async {
        guard let uploader else { return progress.tellNoStore() }
        await gate.alone {
            do {
                try prepare()
                if ledger.isRestored {
                    try await syncOnce(uploader)
                    progress.succeed()
                } else {
                    try await uploader.runFiles.send(onlyIfDue: true)
                }
            } catch {
                progress.fail(error)
            }
            progress.tell()
        }
    }

    /// Sends the files of `run/` that changed, at most once a second.
    ///
    /// Apart from `gate`: a status must get through while a large transfer runs.
    ///
    /// - Parameter onlyIfDue: a heartbeat that nothing else accompanies waits for its time.
    func publish(onlyIfDue: Bool = false) async {
        guard let uploader else { return }
        do {
            try prepare()
            try await uploader.runFiles.send(onlyIfDue: onlyIfDue)
        } catch {
            progress.fail(error)
            progress.tell()
        }
    }

    /// Brings output and logs of earlier machines back, verified, before anything can be uploaded.
    ///
    /// - Returns: how many files came back; 0 where the bucket has no manifest, or where this
    ///   machine has them still.
    /// - Throws: `Failure`; output and logs are then never uploaded by this engine.
    func restore() async throws -> Int {
        guard let uploader else { return 0 }
        return try await gate.alone {
            try prepare()
            let count = try await restoreOnce(uploader)
            await withdrawFinal(uploader)
            // Where it fails now, the first sync with something new asks again.
            try? await uploader.deletion.listUnrecorded()
            return count
        }
    }

    @discardableResult
    func restoreOnce(_ uploader: Uploader) async throws -> Int {
        do {
            let restore = Restore(
                client: uploader.client, context: context, ledger: ledger, retry: retry,
                progress: progress)
            let count = try await restore.run()
            refusal = nil
            ledger.finishRestore(succeeded: true)
            // The restore began with an empty ledger.
            try stray.load(ledger)
            if context.trainer.isFollowing { watchTrees() }
            return count
        } catch {
            if Task.isCancelled || error is CancellationError { throw error }
            let failure = error as? Failure ?? Failure("\(error)")
            refusal = "the restore failed: \(failure.summary)"
            ledger.finishRestore(succeeded: false)
            progress.tell(error: failure.summary)
            throw failure
        }
    }

    /// A new attempt begins: the bucket no longer holds all that there will be.
    ///
    /// Else `finish` would take the attempt before for the whole run where this one's machine dies
    /// before its first sync. Where the store does not answer, the first sync does it before anything.
    private func withdrawFinal(_ uploader: Uploader) async {
        guard ledger.manifest.isFinal else { return }
        do {
            try await retry.run(attempts: 3, onFailure: progress.tellRetry) {
                try await uploader.manifest.write(final: false)
            }
        } catch {
            context.event(.warning, "the bucket still says that this run is over: \(error)", nil)
        }
    }

    /// Looks at what a trainer of a former agent, which still runs, has open and has closed.
    func observe() async {
        await lookAtPending { pending in _ = selector.select(pending, isFinal: false) }
    }

    /// Tells which trainer runs from now on.
    ///
    /// - Parameter keeper: the process from which all of the trainer's descend.
    nonisolated func watch(_ identity: ProcessIdentity?, keeper: Int32? = nil) {
        context.trainer.follow(identity, keeper: keeper)
    }

    /// Tells that no trainer runs any more.
    ///
    /// After an abnormal end every file that was not complete by then counts as incomplete, until it
    /// changes again: it goes up beside its name, as `.partial`.
    ///
    /// - Parameter machineDied: the trainer ended with its machine. What was not on the disk by then
    ///   is lost, also of files that were renamed into place: they can be empty.
    /// - Returns: the paths that count as incomplete, such as `output/checkpoint-5/model.bin`.
    @discardableResult
    func trainerEnded(abnormally: Bool, machineDied: Bool = false) async -> [String] {
        var paths: [String] = []
        context.trainer.trainerEnded(succeeded: !abnormally)
        if abnormally {
            await lookAtPending { pending in
                let incomplete = selector.incomplete(pending, machineDied: machineDied)
                ledger.recordIncomplete(incomplete)
                paths = incomplete.map { ledger.path($0) }
            }
        }
        context.trainer.follow(nil)
        return paths
    }

    private func lookAtPending(_ body: (_ pending: [Int]) -> Void) async {
        guard uploader != nil else { return }
        await gate.alone {
            do {
                try prepare()
            } catch {
                // What is open is then not known to be half-written: the status must say so.
                progress.fail(error)
                progress.tell()
                return
            }
            let (pending, _) = scan(isComplete: true)
            context.trainer.drain()
            body(pending)
        }
    }

    /// Makes this engine's directories and reads what a former process knew.
    func prepare() throws {
        guard !isPrepared else { return }
        try makeDirectories(context.stateDirectory, mode: 0o700)
        OrphanedTransfers.end(of: context.stateDirectory)
        ledger.load()
        // Before the links go: without them nobody could tell any more.
        ledger.recordRewritten(RewrittenLinks.below(context.place.directory))
        try context.place.prepare()
        try stray.load(ledger)
        // Else once the code is known, so that nothing is watched twice.
        if stray.isActive || !stray.isKept { watchTrees() }
        isPrepared = true
    }
}
