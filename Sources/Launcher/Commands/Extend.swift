import Shared

/// `train extend`: moves the limit of a run that trains.
enum Extend {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var maxDuration: TimeSpan?
        var added: TimeSpan?
        var json = false

        static var options: [Option<Self>] {
            addressOptions + [
                .parsed(
                    "--max_duration", "time", \.maxDuration,
                    "The longest time from then on, counted from the start of the run.",
                    expects: TimeSpan.expectation(in: Job.Bounds.maxDuration), parse: time),
                .parsed(
                    "--by", "time", \.added, "So much more than it is now.",
                    expects: TimeSpan.expectation(in: Job.Bounds.maxDuration), parse: time),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }

        private static func time(_ text: String) -> TimeSpan? {
            TimeSpan(text).flatMap { Job.Bounds.maxDuration.contains($0.seconds) ? $0 : nil }
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "extend", Arguments.self, summary: "Gives a training more time than --max_duration.",
            discussion: """
                The agent's deadline and the machine's own timer move. Where the cloud's own
                limit is fixed with the machine, a run can have as much as --hard_limit of its
                start, and without that no more than it has. --max_cost is never passed.
                """,
            examples: [
                "train extend classifier/beer --by 2h",
                "train extend classifier/beer --max_duration 20h",
            ]
        ) { parsed in
            let arguments = try parsed.checked()
            let request = try request(arguments, context)
            let steering = try await Steering.open(arguments.address, context)
            return try await send(request, steering, isForPrograms: arguments.json)
        }
    }

    /// Until when a request counts, in seconds: later it would surprise.
    private static let patience = 3600.0

    /// - Throws: `Failure` with exit code 2 unless one time is given.
    static func request(_ arguments: Arguments, _ context: Context) throws -> ControlRequest {
        guard (arguments.maxDuration == nil) != (arguments.added == nil) else {
            throw Failure.usage(
                "extend needs either --max_duration or --by",
                hint: "such as --by 2h, or --max_duration 20h from the start of the run")
        }
        var request = Steering.request(.extend, context)
        request.maxDurationSeconds = arguments.maxDuration?.seconds
        request.addedSeconds = arguments.added?.seconds
        request.expires = request.time.addingTimeInterval(patience)
        return request
    }

    /// - Returns: 0 where the limit is moved, 1 where it is not, or nobody has answered yet.
    private static func send(
        _ request: ControlRequest, _ steering: Steering, isForPrograms: Bool
    ) async throws -> Int32 {
        let context = steering.context
        if !isForPrograms, steering.road is BucketRoad {
            context.console.error(
                "the machine cannot be reached from here: it goes through the bucket\n")
        }
        let answer = try await context.interruptible {
            try await steering.follow(
                request, atMost: SteeringOutput.patience, until: { _ in false }, tell: { _ in })
        }
        if isForPrograms {
            try context.console.printJSON(
                answer
                    ?? Steering.Answer(
                        id: request.id, state: "sent", message: "", road: steering.road.name))
        } else if let answer {
            context.console.output(answer.message + "\n")
        } else {
            context.console.error(
                "no answer so far; for an hour it stays asked for:  train events "
                    + "\(steering.run.name)\n")
        }
        return answer?.isGood == true ? ExitCode.ok.rawValue : ExitCode.failed.rawValue
    }
}
