import Shared

/// Who calls the agent. It decides what is done for a run that is over.
enum RunCall: Sendable, Equatable {
    /// The launcher's job, on its machine: only what is left of a run's end is done.
    case ofJob
    /// A person: it is the next attempt where the store holds the run, and a new run elsewhere.
    case byHand(goesOn: Bool)
}

/// Puts a run together from its job: directories, lock, journal, status, sync engine.
enum RunSetup {
    /// - Parameter again: of a job whose run is over on this machine, the training goes on.
    /// - Throws: `Failure` where the machine cannot hold the run, or another agent does.
    static func assemble(
        job: Job, host: Host, stop: StopRequest, call: RunCall, again: Bool = false
    ) throws -> (context: RunContext, lock: WorkLock) {
        let work = job.work
        // By hand there are other users: arguments, packages and the agent's log are not for them.
        let (directoryMode, logMode): (mode_t, mode_t) =
            call == .ofJob ? (0o755, 0o644) : (0o700, 0o600)
        for path in [work.path, work.run, work.sync, job.directories.logs] {
            try makeDirectories(path, mode: directoryMode)
        }
        if call != .ofJob { try OwnDirectory.make(realPath(work.path) ?? work.path) }
        let lock = try WorkLock(work)
        host.log.open(
            file: job.directories.logs + "/" + BucketLayout.agentLog, mode: logMode)
        host.log.info(
            job.output.map { "output and logs go to \($0)" }
                ?? "output stays in \(job.directories.output), logs in \(job.directories.logs)")
        var (journal, adopted) = try nextJournal(
            job: job, host: host, call: call, again: again)
        (journal.output, journal.logs) = (job.directories.output, job.directories.logs)
        try journal.save(in: work)

        var status = RunStatus(run: job.run, startedAt: journal.startedAt)
        // The same attempt goes on: its phases, warnings and syncs are this agent's too. Without them
        // the run is no worse: the journal knows where it is.
        if adopted != nil, let former = try? formerStatus(in: work), former.run == job.run {
            status = former
        }
        status.start = journal.start
        status.recovery = journal.recovery
        status.maxDurationSeconds = journal.maxDurationSeconds
        status.restartAt = nil
        status.agentPid = getpid()
        status.sshHostKey = MachineState.sshHostKey()
        let webhook = Webhook(of: job, host: host)
        let board = StatusWriter(
            status: status, work: work, sinks: [webhook], now: host.now, log: host.log)
        let client = try job.output.map { try RunContext.client(for: $0, of: job, host.runner) }
        let engine = SyncEngine(
            job: job, client: client, runDirectory: work.run,
            stateDirectory: work.sync, log: host.log, clock: host.clock, now: host.now,
            report: { record in board.update { $0.sync = record } },
            event: { kind, message, details in
                // The log is itself something to sync: what a sync tells of itself stays out of it,
                // or no sync would be the last.
                if kind == .warning {
                    board.warn(message, details: details)
                } else {
                    board.event(kind, message, details: details, isLogged: false)
                }
            })
        let context = RunContext(
            job: job, host: host, stop: stop, board: board, engine: engine, webhook: webhook,
            journal: journal, adopted: adopted, call: call)
        if let url = host.webhook { context.open(webhook: url) }
        return (context, lock)
    }

    private static func formerStatus(in work: WorkDirectory) throws -> RunStatus {
        try JSONFormat.decode(RunStatus.self, from: readFile(work.status), name: work.status)
    }

    /// The journal to go on with: a new one, or the former one, with one more attempt unless the
    /// trainer of the former agent still runs, or ended while no agent was there.
    private static func nextJournal(
        job: Job, host: Host, call: RunCall, again: Bool
    ) throws -> (journal: Journal, adopted: KeptTrainer?) {
        var new = Journal(run: job.run, startedAt: host.now())
        new.store = job.output
        guard var journal = try Journal.load(from: job.work) else { return (new, nil) }
        guard journal.run == job.run else {
            throw Failure(
                "\(quoted(job.directories.work)) holds another run: \(journal.run)",
                hint: "give another --work_directory")
        }
        if case .byHand(let goesOn) = call {
            let isOtherStore = journal.store.map { $0 != job.output } ?? false
            if isOtherStore || (journal.isOver && !(goesOn && journal.store == job.output)) {
                // The ledger tells of another store than the one of this call.
                removeTree(job.work.sync)
                try makeDirectories(job.work.sync)
                new.trainer = journal.trainer
                return (new, nil)
            }
        } else if journal.isOver, !again {
            return (journal, nil)
        }
        journal.store = job.output
        var adopted: KeptTrainer?
        if journal.isOver || (again && journal.outcome != nil) {
            // The attempt before has its outcome: its trainer's end must not count once more.
            if call != .ofJob { journal.restarts = 0 }
            if journal.isOver { journal.recovery = nil }
        } else {
            adopted = KeptTrainer.adopt(
                attempt: journal.start.number, record: job.work.trainer, clock: host.clock)
        }
        if call != .ofJob {
            // The limit of a call by hand counts from that call.
            (journal.maxDurationSeconds, journal.timerHour) = (nil, nil)
            journal.toldDurationSeconds = nil
        }
        if adopted == nil { journal.start = journal.start.onNextMachine }
        journal.outcome = nil
        journal.verified = false
        return (journal, adopted)
    }
}
