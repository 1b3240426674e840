import Shared

/// The flags of `train-agent stop`.
struct StopArguments: CommandArguments {
    var workDirectory: String?
    var store: String?

    static let options: [Option<Self>] = [
        .text(
            "--work_directory", "directory", \.workDirectory,
            "Of the run; the only run on this machine where nothing is said."
        )
        .completing(.directory),
        .text("--store", "url", \.store, "Of the run, as given to train-agent run."),
    ]
}

/// `train-agent stop`: asks a run of this machine to end, and waits until it has.
enum StopCommand {
    static let subcommand = Subcommand(
        "stop", StopArguments.self, summary: "Stop a run on this machine, and wait for its end.",
        discussion: """
            The agent gets SIGTERM: it asks the trainer to end, waits for the grace, and makes the last
            sync. Called once more meanwhile, it gives up the grace. Ctrl-C ends the waiting alone.

            Exits with 0 once the run has ended and all its output is in the store, or stays here since
            it has none; with 1 where it is not.
            """,
        examples: ["train-agent stop", "train-agent stop --store gs://beer/run-1"]
    ) { parsed in
        let arguments = try parsed.checked()
        let known =
            arguments.workDirectory.map { [WorkDirectory(StoreURL.absolutePath($0))] }
            ?? AgentDirectories.known()
        let store = try arguments.store.map { try StoreURL(parsing: $0).description }
        let run = try LocalRun.only(of: known, store: store)
        return try await stop(run, console: .standard, clock: ContinuousClock())
    }

    /// - Returns: the exit status.
    /// - Throws: `Failure` where it cannot be asked, or did not end as it should.
    static func stop(
        _ run: LocalRun, console: Console, clock: any Clock<Duration>
    ) async throws -> Int32 {
        guard kill(run.process.pid, SIGTERM) == 0 || errno == ESRCH else {
            throw systemFailure("cannot stop process \(run.process.pid)")
        }
        console.error(
            run.isAgent
                ? "\(run.name) is asked to stop (process \(run.process.pid)); its last sync follows\n"
                : "the agent of \(run.name) is gone; its trainer is asked to end\n")
        while run.process.isAlive { try await clock.sleep(for: .milliseconds(100)) }
        guard run.isAgent else {
            throw Failure(
                "the trainer of \(run.name) has ended; what it wrote last is in no store",
                hint:
                    "call train-agent run again with the same flags: it syncs first, and trains on")
        }
        guard let journal = try Journal.load(from: run.work), let outcome = journal.outcome else {
            throw Failure(
                "the agent of \(run.name) has ended without an outcome",
                hint: "see what it said: \(run.logs ?? run.work.path)")
        }
        console.output("\(run.name): \(outcome.kind.rawValue): \(outcome.message)\n")
        guard journal.verified else {
            throw Failure(
                "the last sync of \(run.name) is not verified; its output is still on this disk",
                hint: "call train-agent run again with the same flags, or keep the output directory"
            )
        }
        return ExitCode.ok.rawValue
    }
}
