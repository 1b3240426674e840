import Shared

/// `train wait`: returns when something has happened, for scripts.
enum Wait {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var until = WaitCondition.ended
        var timeout: TimeSpan?
        var onEnd: EndHook?
        var json = false

        static var options: [Option<Self>] {
            addressOptions + [
                .parsed(
                    "--until", "what", \.until,
                    "ended, step=N, or alert: one that comes from now on.",
                    expects: "ended, alert or step=N", parse: { WaitCondition($0) }
                ).completing(.suggested(["ended", "alert", "step="])),
                .parsed(
                    "--timeout", "time", \.timeout, "Gives up after so long, with exit code 124.",
                    expects: TimeSpan.expectation(in: timeouts),
                    parse: { TimeSpan($0).flatMap { timeouts.contains($0.seconds) ? $0 : nil } }),
                .parsed(
                    "--on_end", "command", \.onEnd,
                    "Runs here at each alert that comes, and when the run has ended.",
                    expects: EndHook.expectation, parse: { EndHook($0) }),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }

        private static let timeouts = 0.0...TimeSpan.maximumSeconds
    }

    /// What `--json` says.
    struct Answer: Encodable {
        /// Whether what was waited for has happened.
        var happened: Bool
        /// Whether the time was over first.
        var timedOut: Bool
        var outcome: Outcome?
        var progress: TrainingProgress?
        var alert: Event?
    }

    /// As timeout(1) has it.
    static let timedOutStatus: Int32 = 124

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "wait", Arguments.self,
            summary: "Waits until a run has ended, or for a step or an alert.",
            discussion: """
                Until a run has ended: exits with the outcome's code, 0 if the training succeeded.
                Until a step or an alert: 0 if it came, 1 if the run ended without it. 124 if
                --timeout was over first.
                """,
            examples: [
                "train wait classifier/beer && train finish classifier/beer",
                "train wait classifier/beer --until step=1000 --timeout 2h",
            ]
        ) { parsed in
            let arguments = try parsed.checked()
            return try await untilInterrupted {
                let (answer, name) = try await context.interruptible {
                    try await wait(arguments, context)
                }
                return try say(answer, name, arguments, context)
            }
        }
    }

    private static func wait(
        _ arguments: Arguments, _ context: Context
    ) async throws -> (Answer, RunName) {
        let run = try await ReadableRun.open(arguments.address, context)
        guard let hook = arguments.onEnd else {
            return (try await answer(of: run, arguments, context), run.name)
        }
        let start = try await run.source.size(of: BucketLayout.events)
        let answer = try await hook.watching(run, from: start, context) {
            try await Self.answer(of: run, arguments, context)
        }
        if answer.outcome != nil || (answer.happened && arguments.until == .ended) {
            await hook.tell(
                "ended", of: run.name, outcome: answer.outcome?.kind.rawValue ?? "",
                message: answer.outcome?.message ?? "the run has ended without an outcome", context)
        }
        return (answer, run.name)
    }

    private static func answer(
        of run: ReadableRun, _ arguments: Arguments, _ context: Context
    ) async throws -> Answer {
        let answer = try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask {
                try await Waiting(run: run, condition: arguments.until, line: context.progress())
                    .answer()
            }
            if let timeout = arguments.timeout {
                group.addTask {
                    try await context.clock.sleep(for: .seconds(timeout.seconds))
                    return nil
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        return answer ?? Answer(happened: false, timedOut: true)
    }

    private static func say(
        _ answer: Answer, _ name: RunName, _ arguments: Arguments, _ context: Context
    ) throws -> Int32 {
        let ended = answer.outcome.map { "\(name): \(OutcomeText($0).line)" }
        if arguments.json {
            try context.console.printJSON(answer)
        } else if answer.timedOut {
            context.console.error(
                "train: \(name): \(arguments.until.description) did not come in time\n")
        } else if let alert = answer.alert {
            context.console.output("\(name): \(EventText.line(alert))\n")
        } else if answer.happened, arguments.until != .ended {
            let text = answer.progress?.text ?? arguments.until.description
            context.console.output("\(name): \(oneLine(text))\n")
        } else {
            context.console.output((ended ?? "\(name) has ended without an outcome") + "\n")
        }
        if answer.timedOut { return timedOutStatus }
        guard arguments.until == .ended else {
            return (answer.happened ? ExitCode.ok : .failed).rawValue
        }
        return answer.outcome?.processExitStatus ?? ExitCode.failed.rawValue
    }
}
