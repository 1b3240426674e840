import Shared

/// `train resume`: a run that was preempted or has failed, started again.
enum Resume {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var patience: TimeSpan?
        var json = false

        static var options: [Option<Self>] {
            addressOptions + [
                .flag(
                    "--retry_until_up", "time", \.patience,
                    "Tries all zones again until one has the machine; else once.",
                    expects: TimeSpan.expectation(in: MachineRequest.longestPatience),
                    parse: { MachineRequest.patience($0) }),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "resume", Arguments.self,
            summary: "Starts a run again that was preempted, or that has failed.",
            discussion: """
                The same job, on another machine, goes on from what the bucket holds as the next
                attempt. --max_duration counts from the run's start over all attempts.
                """,
            examples: [
                "train resume classifier/beer",
                "train resume classifier/beer --retry_until_up 2h",
            ]
        ) { parsed in
            let arguments = try parsed.checked()
            let line = context.progress()
            defer { line.clear() }
            do {
                return try await context.interruptible {
                    try await resume(arguments, Steps(line, clock: context.clock), context)
                }
            } catch let interrupted as Interrupted {
                throw Failure(
                    "interrupted; the run is as it was, without a machine",
                    hint: "call this again, or collect it with train finish",
                    exitStatus: ExitCode.signalled(interrupted.signal))
            }
        }
    }

    private static func resume(
        _ arguments: Arguments, _ steps: Steps, _ context: Context
    ) async throws -> Int32 {
        let run = try await RunStore(context: context).open(arguments.address)
        let point = try await RunResumption(
            context: context, steps: steps, patience: arguments.patience
        ).resume(run)
        if arguments.json {
            try context.console.printJSON(point)
            return ExitCode.ok.rawValue
        }
        let name = run.name
        context.console.output("\(name) \(point.words)\n")
        for line in try run.reread().record.machine?.lines ?? [] {
            context.console.output("  \(line)\n")
        }
        context.console.output(
            "  look:     train status \(name)\n  collect:  train finish \(name) --wait\n")
        return ExitCode.ok.rawValue
    }
}
