import Shared

/// `train watch`: a run as it goes on, on a whole terminal; in a pipe plain lines.
enum WatchCommand {
    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "watch", RunArguments.self,
            summary: "Shows a run as it goes on: phases, progress, GPU, the log.",
            discussion: """
                Ends with the run, and with its exit code; Ctrl-C leaves the run as it is. In a pipe,
                and with --json, a line for each thing that happens.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            return try await untilInterrupted {
                try await context.interruptible {
                    let run = try await ReadableRun.open(arguments.address, context)
                    let watching = RunWatching(run: run, context: context)
                    return arguments.json || !context.isFullScreenPossible
                        ? try await watching.asLines(json: arguments.json)
                        : try await watching.onScreen()
                }
            }
        }
    }
}
