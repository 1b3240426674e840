import Shared

/// `train events`: what happened in a run, from the phases of its set-up to its outcome.
enum Events {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var follow = false
        var json = false

        static var options: [Option<Self>] {
            addressOptions + [
                .flag("--follow", \.follow, "Goes on with what comes, until the run has ended.")
                    .short("f"),
                .flag("--json", \.json, "Prints one JSON object for each event."),
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "events", Arguments.self,
            summary: "Tells what happened: phases, syncs, restarts, warnings, the end.",
            discussion: """
                From the machine where it answers, else from the bucket; of a finished run from the
                folder that finish made.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            return try await untilInterrupted {
                try await context.interruptible { try await show(arguments, context) }
                return ExitCode.ok.rawValue
            }
        }
    }

    private static func show(_ arguments: Arguments, _ context: Context) async throws {
        let run = try await ReadableRun.open(arguments.address, context)
        let line = context.progress()
        defer { line.clear() }
        var feed = EventFeed()
        let follower = LogFollower(run: run, isFollowing: arguments.follow)
        try await follower.follow(EventFeed.reader(of: run.source)) { news in
            switch news {
            case .line(let text):
                guard let event = feed.take(text) else { break }
                if arguments.json {
                    try? context.console.printJSONLine(event)
                } else {
                    context.console.output(EventText.line(event) + "\n")
                }
            case .trouble(let failure):
                line.say(.warning, "events cannot be read now: \(failure.summary); trying again")
            case .update, .rewritten: break
            }
            return !context.console.isOutputClosed
        }
    }
}
