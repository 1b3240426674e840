import Shared

/// Puts a run together from its job: directories, lock, journal, status, sync engine.
enum RunAssembly {
    /// - Parameter startsAnew: a run by hand whose former one is over begins from the start; one
    ///   with a job only does what is left of its end.
    /// - Throws: `Failure` where the machine cannot hold the run, or another agent does.
    static func assemble(
        job: Job, host: Host, stop: StopRequest, startsAnew: Bool
    ) throws -> (context: RunContext, lock: WorkLock) {
        let work = job.directories.work
        for path in [work, work + "/run", work + "/sync", job.directories.logs] {
            try makeDirectories(path)
        }
        let lock = try WorkLock(directory: work)
        host.log.open(file: job.directories.logs + "/" + BucketLayout.agentLog)
        let journal = try nextJournal(job: job, host: host, startsAnew: startsAnew)
        try journal.save(in: work)

        var status = RunStatus(run: job.run, startedAt: journal.startedAt)
        status.attempt = journal.attempt
        status.restarts = journal.restarts
        status.agentPid = getpid()
        status.sshHostKey = MachineState.sshHostKey()
        let board = StatusBoard(
            status: status, directory: work + "/run", now: host.now, log: host.log)
        let client = try job.output.map { try RunContext.client(for: $0, of: job, host.runner) }
        let engine = SyncEngine(
            job: job, client: client, runDirectory: work + "/run",
            stateDirectory: work + "/sync", log: host.log, clock: host.clock, now: host.now,
            report: { record in board.update { $0.sync = record } },
            event: { kind, message, details in
                board.event(kind, message, details: details, isLogged: kind == .warning)
            })
        let context = RunContext(
            job: job, host: host, stop: stop, board: board, engine: engine, journal: journal)
        return (context, lock)
    }

    /// The journal to go on with: a new one, or the former one with one more attempt.
    private static func nextJournal(job: Job, host: Host, startsAnew: Bool) throws -> Journal {
        let new = Journal(run: job.run, startedAt: host.now())
        guard var journal = try Journal.load(from: job.directories.work) else { return new }
        guard journal.run == job.run else {
            throw Failure(
                "\(quoted(job.directories.work)) holds another run: \(journal.run)",
                hint: "give another --work_directory")
        }
        if journal.isOver {
            guard startsAnew else { return journal }
            try? FileManager.default.removeItem(atPath: job.directories.work + "/sync")
            try makeDirectories(job.directories.work + "/sync")
            return new
        }
        journal.attempt += 1
        journal.outcome = nil
        journal.verified = false
        return journal
    }
}
