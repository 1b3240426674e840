import Shared

/// `train-agent run`: one training, with the launcher's job or by hand.
enum RunCommand {
    static let subcommand = Subcommand(
        "run", RunArguments.self, summary: "Train: set up, train, sync, power off.",
        discussion: """
            With --job it does what the launcher asked for. Without, it trains the code of
            --code_path on --dataset_directory on this machine, the same way.

            SIGTERM and SIGINT stop the training: the trainer gets SIGTERM and the grace, then comes
            the last sync. A second one gives up the grace.

            Exits with 0, the trainer's own status, 128+n for a signal, or 125 where the set-up
            failed before the trainer began.
            """
    ) { parsed in
        let arguments = try parsed.checked()
        guard let path = arguments.job else {
            return try await run(try ManualJob.make(arguments, now: Date()), startsAnew: true)
        }
        let given = RunArguments.options.map(\.description.name).filter { parsed.has($0) }
        if let other = given.first(where: { $0 != "--job" }) {
            throw Failure.usage("\(other) cannot be given together with --job")
        }
        let job = try JSONFormat.decode(Job.self, from: readFile(path), name: path)
        return try await run(job, startsAnew: false)
    }

    /// - Returns: the exit status of the process.
    static func run(_ job: Job, startsAnew: Bool, host: Host = Host()) async throws -> Int32 {
        try JobCheck.check(job)
        let stop = StopRequest()
        let (context, lock) = try RunAssembly.assemble(
            job: job, host: host, stop: stop, startsAnew: startsAnew)
        let signals = Background.watchSignals(context)
        defer { signals.cancel() }
        let outcome = await Run(context).execute()
        return withExtendedLifetime(lock) { outcome.processExitStatus }
    }
}
