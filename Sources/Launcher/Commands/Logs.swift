import Shared

/// `train logs`: what the training prints, while it does and afterwards.
enum Logs {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var follow = false
        var agent = false
        var since: LogStart?
        var grep: LinePattern?
        var tail: Int?
        var json = false

        static var options: [Option<Self>] {
            addressOptions + [
                .flag("--follow", \.follow, "Goes on with what comes, until the run has ended.")
                    .short("f"),
                .flag("--agent", \.agent, "The agent's log in place of the training's."),
                .parsed(
                    "--since", "place", \.since,
                    "Begins at a byte (4096), an attempt's byte (2:4096), a moment or 10m ago.",
                    expects: LogStart.expectation, parse: { LogStart(since: $0) }),
                .parsed(
                    "--grep", "pattern", \.grep,
                    "Only lines in which this regular expression matches.",
                    expects: "a regular expression", parse: { LinePattern($0) }),
                .count("--tail", \.tail, "Only so many of the last lines.", in: 0...1_000_000),
                .flag("--json", \.json, "Prints one JSON object for each line."),
            ]
        }
    }

    /// One line in `--json`.
    struct Row: Encodable {
        var attempt: Int?
        var offset: Int64
        var text: String
        /// Bytes of a line that was too long to be kept whole.
        var lineBytes: Int?

        init(_ line: LogLine) {
            attempt = line.attempt
            offset = line.offset
            text = String(decoding: line.kept, as: UTF8.self)
            lineBytes = line.isCut ? line.length : nil
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "logs", Arguments.self, summary: "Shows what the training prints.",
            discussion: """
                From the machine where it answers, else from the bucket; of a finished run from the
                folder that finish made. A progress bar counts as one line.
                """,
            examples: [
                "train logs classifier/beer -f", "train logs classifier/beer --tail 50 --grep loss",
            ]
        ) { parsed in
            let arguments = try parsed.checked()
            guard arguments.since == nil || arguments.tail == nil else {
                throw Failure.usage("--since and --tail exclude each other")
            }
            return try await untilInterrupted {
                try await context.interruptible { try await show(arguments, context) }
                return ExitCode.ok.rawValue
            }
        }
    }

    private static func show(_ arguments: Arguments, _ context: Context) async throws {
        let run = try await ReadableRun.open(arguments.address, context)
        let name = arguments.agent ? BucketLayout.agentLog : BucketLayout.trainLog
        let path = "\(BucketLayout.logs)/\(name)"
        let start = arguments.tail.map { LogStart.tail($0) } ?? arguments.since ?? .beginning
        let offset = try await start.offset(
            in: path, of: run.source, isIndexed: !arguments.agent, now: context.now())
        let line = context.progress()
        defer { line.clear() }
        let follower = LogFollower(run: run, isFollowing: arguments.follow)
        let reader = LogReader(
            source: run.source, path: path, isIndexed: !arguments.agent, from: offset)
        var printed = false
        try await follower.follow(reader) { news in
            switch news {
            case .line(let text):
                line.clear()
                guard arguments.grep?.matches(text.shown) ?? true else { break }
                printed = true
                try? write(text, arguments, context)
            case .update(let text):
                if arguments.grep == nil, !arguments.json { line.update(text.shown) }
            case .trouble(let failure):
                line.say(.warning, "the log cannot be read now: \(failure.summary); trying again")
            case .rewritten:
                line.say(.warning, "the log was written anew; it follows from its beginning")
            }
            return !context.console.isOutputClosed
        }
        if !printed, arguments.grep == nil, offset == 0, !arguments.json {
            line.say("\(run.name) has printed nothing yet (read \(run.source.kind.words))")
        }
    }

    private static func write(_ line: LogLine, _ arguments: Arguments, _ context: Context) throws {
        guard arguments.json else { return context.console.output(line.shown + "\n") }
        try context.console.printJSONLine(Row(line))
    }
}
