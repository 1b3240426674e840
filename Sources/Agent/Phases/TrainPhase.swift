import Shared

/// How one start of the trainer ended, and what it said of it.
struct TrainerEnd: Sendable, Equatable {
    var termination: Termination
    /// The line of the exception that ended it.
    var exception: String?
    /// The processes that outlived a main process with exit status 0 and were ended for being idle.
    var endedLeftovers: [String] = []
    /// Why it is not started again, where that was asked for.
    var note: String?
}

/// The training itself, beside the sync, started again as often as the job allows.
struct TrainPhase {
    private let context: RunContext
    private let trainLog: TrainLog

    init(_ context: RunContext) {
        self.context = context
        trainLog = TrainLog(path: context.job.directories.logs + "/" + BucketLayout.trainLog)
    }

    /// - Parameter keep: told how each start of the trainer ended.
    /// - Throws: `Failure` where it cannot be started at all.
    func perform(keep: (TrainerEnd) -> Void) async throws -> PhaseResult {
        let sync = Task { await context.engine.loop() }
        defer { sync.cancel() }
        let preemption = Task { await cancelWhenTimeIsShort(sync) }
        defer { preemption.cancel() }
        var adopted = context.adopted
        while true {
            let end: Trainer.End
            var logStart: Int64 = 0
            // Of an adopted trainer nobody has noted when and where in the log it began.
            let begin = adopted == nil ? context.host.now() : nil
            let sinceBoot = adopted == nil ? MachineState.uptime() : nil
            let shown = isByHand ? ForegroundOutput(log: log, from: logSize) : nil
            do {
                if let kept = adopted {
                    context.progress.begin(
                        attempt: context.journal.start.number, logStart: 0)
                    end = await follow(kept)
                    adopted = nil
                } else {
                    logStart = logSize
                    context.progress.begin(
                        attempt: context.journal.start.number, logStart: logStart)
                    end = try await runOnce()
                }
            } catch {
                await shown?.end()
                throw error
            }
            await shown?.end()
            putLogBack()
            await context.progress.look()
            let lines = LogTail.lines(of: log, from: logStart)
            let error = PythonError.found(in: lines)
            var last = TrainerEnd(
                termination: end.termination, exception: error?.exception,
                endedLeftovers: end.endedLeftovers)
            keep(last)
            tell(end)
            let incomplete = await context.engine.trainerEnded(
                abnormally: !end.termination.succeeded)
            if end.termination.succeeded, !end.wasStopped, !end.wasStalled { return .succeeded }
            let recovery = TrainerRecovery(context)
            let attempt = await recovery.look(
                at: end, error: error, since: begin, sinceBoot: sinceBoot, incomplete: incomplete)
            if case .ends(let note) = try await recovery.follow(attempt) {
                if end.wasStalled { context.stopStalled() }
                last.note = note
                keep(last)
                return .failed(failure(of: end, lines))
            }
        }
    }

    /// A sync that hangs in a transfer would keep the final one from beginning.
    private func cancelWhenTimeIsShort(_ sync: Task<Void, Never>) async {
        await context.stop.losesMachine()
        if !Task.isCancelled { sync.cancel() }
    }

    /// Somebody sits before it.
    private var isByHand: Bool { context.call != .ofJob }

    private var trainer: Trainer {
        Trainer(
            runner: context.host.runner, clock: context.host.clock, stop: context.stop,
            grace: .seconds(context.job.graceSeconds), stalled: context.newStallEnd())
    }

    /// Goes on with a trainer that a former agent started.
    private func follow(_ kept: KeptTrainer) async -> Trainer.End {
        began(kept)
        context.logIndex.adopt(attempt: context.journal.start.number)
        context.board.event(
            .note, phase: .train, "the agent was started again; the training went on meanwhile")
        // On this disk nothing comes back; it is what allows uploads.
        let restore = Task {
            do { _ = try await context.engine.restore() } catch {
                context.board.warn("what the bucket holds is not known yet: \(error)")
            }
        }
        defer { restore.cancel() }
        let end = await trainer.follow(kept)
        context.board.update { $0.trainerPid = nil }
        return end
    }

    /// Says what outlived the main process: it may have been the training itself.
    private func tell(_ end: Trainer.End) {
        guard end.termination.succeeded, !end.wasStopped, !end.leftovers.isEmpty else { return }
        let names = end.leftovers.joined(separator: ", ")
        context.board.warn(
            end.endedLeftovers.isEmpty
                ? "the training's main process ended before its other processes: \(names)"
                : "processes that outlived the training and were idle have been ended: \(names)")
    }

    private func putLogBack() {
        do {
            guard try trainLog.putBack() else { return }
            context.board.warn(
                "the training deleted its log; what it printed is in logs/\(BucketLayout.trainLog)")
        } catch {
            context.board.warn("the log that the training deleted is lost: \(error)")
        }
    }

    private func began(_ kept: KeptTrainer) {
        trainLog.hold(of: kept.keeper)
        let identity = kept.trainer
        context.engine.watch(identity, keeper: kept.keeper.pid)
        context.board.update { status in
            status.trainerPid = identity.pid
            status.stalled = nil
        }
        context.recordSoon { $0.trainer = identity }
        context.capsule.begin()
    }

    private func runOnce() async throws -> Trainer.End {
        let attempt = context.journal.start.number
        // The agent that started the adopted one had read them.
        if context.adopted != nil { try await Prepare.readSecrets(context) }
        try prepareObserver()
        // Whatever the attempt's number: one that died early has left nothing to go on from.
        let hasStray = await context.engine.trainingBegins()
        let isResumed = hasStray || (try? holdsFile(context.job.directories.output)) == true
        let command = TrainerCommand.make(
            job: context.job, python: context.environment.python,
            exported: InstallScript.exported(in: context.environment),
            environment: context.trainerEnvironment, attempt: attempt,
            isResumed: isResumed)
        // Before the first byte: a reader that sees bytes of this attempt can tell that they are its.
        context.logIndex.begin(attempt: attempt)
        let end = try await trainer.run(
            command, attempt: attempt, record: context.job.work.trainer, onStart: began)
        context.board.update { $0.trainerPid = nil }
        return end
    }

    /// The processes of an attempt before are gone, and what they said of themselves with them.
    private func prepareObserver() throws {
        let directory = context.job.work.observer
        removeTree(directory)
        try makeDirectories(directory, mode: 0o700)
    }

    private var log: String { context.job.directories.logs + "/" + BucketLayout.trainLog }

    /// What lies before it in the log is of an earlier start.
    private var logSize: Int64 { fileSize(log) }

    /// What the code's lists of packages say; nothing where they are not to be read any more.
    private var asked: PythonError.Asked {
        guard let requirements = try? Requirements(of: context.job.directories.code) else {
            return .init(title: Requirements.fileName, texts: [])
        }
        let texts = (try? RequirementsDigest.texts(of: requirements)) ?? []
        return .init(title: requirements.title, texts: texts)
    }

    private func failure(of end: Trainer.End, _ lines: [String]) -> Failure {
        if end.wasStopped { return Failure("the trainer was stopped") }
        return Failure(
            "the trainer did not succeed; see logs/\(BucketLayout.trainLog)",
            detail: lines.isEmpty ? nil : lines.suffix(15).joined(separator: "\n"),
            hint: PythonError.line(in: lines).flatMap { PythonError.hint(for: $0, asked: asked) })
    }
}
