import Shared

/// `train watch`: a run as it goes on, on a whole terminal; in a pipe plain lines.
enum WatchCommand {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var keepAlive = false
        var json = false

        static var options: [Option<Self>] {
            addressOptions + [
                .flag(
                    "--keep_alive", \.keepAlive,
                    "Starts the run again each time its machine is taken away."),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "watch", Arguments.self,
            summary: "Shows a run as it goes on: phases, progress, GPU, the log.",
            discussion: """
                Ends with the run, and with its exit code; Ctrl-C leaves the run as it is. In a pipe,
                and with --json, a line for each thing that happens. With --keep_alive it does what
                train resume does, as often as it takes, until --max_duration.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            return try await untilInterrupted {
                try await context.interruptible { try await watch(arguments, context) }
            }
        }
    }

    private static func watch(_ arguments: Arguments, _ context: Context) async throws -> Int32 {
        let json = arguments.json
        var keeper = KeepAlive(context: context) {
            RunWatching.say($0, json: json, context.console)
        }
        while true {
            let run = try await ReadableRun.open(arguments.address, context)
            let watching = RunWatching(run: run, context: context)
            let code =
                json || !context.isFullScreenPossible
                ? try await watching.asLines(json: json) : try await watching.onScreen()
            guard arguments.keepAlive, try await keeper.resume(arguments.address) else {
                return code
            }
        }
    }
}
