import Shared

/// `train-agent run`: one training, with the launcher's job or by hand.
enum RunCommand {
    static let subcommand = Subcommand(
        "run", RunArguments.self, summary: "Train: set up, train, sync, power off.",
        discussion: """
            With --job it does what the launcher asked for. Without, it trains on this machine as a
            rented one would. SIGTERM and SIGINT stop it: the trainer gets SIGTERM and the grace, then
            comes the last sync; a second signal gives up the grace, and by hand a last sync that
            fails. Called again it is the run's next attempt, which begins with what the store holds.

            Exits with 0, the trainer's own status, 128+n for a signal, or 125 where the set-up
            failed before the trainer began.
            """,
        examples: [
            ManualJob.example,
            "train-agent run --code_path . --dataset_directory /data --store gs://beer/run-1 "
                + "-- --epochs 5",
        ]
    ) { parsed in
        let arguments = try parsed.checked()
        var host = Host()
        guard let path = arguments.job else {
            let job = try ManualJob.make(
                arguments, now: host.now(), environment: ProcessInfo.processInfo.environment)
            try StoreNesting.check(job)
            if case .command(let template) = job.code.entry {
                for doubt in template.doubts { host.log.warning("--command: \(doubt)") }
            }
            let goesOn = try await FormerCall.look(
                at: job, trainsAgain: arguments.again, host: host)
            host.webhook = arguments.training.webhook
            return try await run(job, as: .byHand(goesOn: goesOn), host: host)
        }
        let given = RunArguments.options.map(\.description.name).filter { parsed.has($0) }
        if let other = given.first(where: { $0 != "--job" && $0 != "--again" }) {
            throw Failure.usage(
                "\(other) cannot be given together with --job",
                hint: "the job says all of it; leave out \(other), or --job")
        }
        let job = try JSONFormat.decode(Job.self, from: readFile(path), name: path)
        try StoreNesting.check(job)
        return try await run(job, as: .ofJob, again: arguments.again, host: host)
    }

    /// - Parameter again: see `RunSetup.assemble`.
    /// - Returns: the exit status of the process.
    static func run(
        _ job: Job, as call: RunCall, again: Bool = false, host: Host = Host()
    ) async throws -> Int32 {
        let stop = StopRequest(clock: host.clock)
        let (context, lock) = try RunSetup.assemble(
            job: job, host: host, stop: stop, call: call, again: again)
        let signals = SignalWatch.start(context)
        defer { signals.cancel() }
        let metadata = MetadataMonitor.start(context)
        defer { metadata.cancel() }
        let outcome = try await Run(context).execute()
        return withExtendedLifetime(lock) { outcome.processExitStatus }
    }
}
