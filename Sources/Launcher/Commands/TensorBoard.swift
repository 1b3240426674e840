import Shared

/// `train tensorboard`: the run's curves in the browser.
enum TensorBoard {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var port: Int?
        var open = false

        static var options: [Option<Self>] {
            addressOptions + [
                .count(
                    "--port", \.port,
                    "On this computer; else \(TensorBoardSession.port), or the next one that is free.",
                    in: 1...65_535),
                .flag("--open", \.open, "Opens the browser."),
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "tensorboard", Arguments.self, summary: "Shows the curves of a run in TensorBoard.",
            discussion: """
                That of the training where it started one; else one on the machine, seen through SSH;
                else one on this computer over the files of the run, which are kept up to date. Ends
                with Ctrl-C.
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
        let port: LoopbackPort
        if let number = arguments.port {
            port = LoopbackPort(number: number)
            guard port.isFree else {
                throw Failure(
                    "--port \(number) is taken", hint: "leave it out, and a free one is taken")
            }
        } else {
            port = try LoopbackPort.free(from: TensorBoardSession.port)
        }
        let line = context.progress()
        defer { line.clear() }
        let wasShown = Latch()
        let session = TensorBoardSession(run: run, context: context, local: port, line: line) {
            url, place in
            // After a cut it is ready again.
            guard !wasShown.isSet else { return line.say(.good, "\(url) answers again") }
            wasShown.set()
            context.console.output("TensorBoard of \(run.name) (\(place)): \(url)\n")
            if arguments.open { Task { await openBrowser(url, context) } }
        }
        try await session.show()
    }

    private static func openBrowser(_ url: String, _ context: Context) async {
        #if canImport(Darwin)
            let program = "open"
        #else
            let program = "xdg-open"
        #endif
        var command = Command(program, [url])
        (command.output, command.errorOutput) = (.discard, .discard)
        command.group = .session
        do {
            let result = try await context.runner.run(command, timeout: .seconds(20))
            guard result.succeeded else { throw Failure("\(program) failed") }
        } catch {
            context.console.error("train: warning: the browser could not be opened: \(error)\n")
        }
    }
}
