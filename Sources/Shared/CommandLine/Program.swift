/// A program of several commands: finds the command, parses its flags, prints an error once.
package struct Program: Sendable {
    package let name: String
    package let summary: String
    package let commands: [Subcommand]
    /// What stands below the overview, such as an example.
    package let footer: String

    package init(name: String, summary: String, commands: [Subcommand], footer: String = "") {
        self.name = name
        self.summary = summary
        self.commands = commands
        self.footer = footer
    }

    /// argv in, exit code out.
    package func run(_ argv: [String], console: Console = .standard) async -> Int32 {
        do {
            return try await dispatch(argv, console: console)
        } catch let failure as Failure {
            console.report(failure, program: name)
            return failure.exit
        } catch is CancellationError {
            return ExitCode.signalled(SIGINT)
        } catch {
            console.report(Failure("\(error)"), program: name)
            return ExitCode.failed.rawValue
        }
    }

    private func dispatch(_ argv: [String], console: Console) async throws -> Int32 {
        guard let word = argv.first else {
            console.error(Usage.overview(of: self))
            return ExitCode.usage.rawValue
        }
        let rest = Array(argv.dropFirst())
        switch word {
        case "--version":
            console.output("\(name) \(EngineVersion.current)\n")
        case "--help", "-h", "help":
            if let topic = rest.first(where: { !$0.hasPrefix("-") }) {
                console.output(Usage.text(of: try command(topic), in: self))
            } else {
                console.output(Usage.overview(of: self))
            }
        default:
            let command = try command(word)
            guard Parser.asksForHelp(rest) else {
                return try await run(command, rest)
            }
            console.output(Usage.text(of: command, in: self))
        }
        return ExitCode.ok.rawValue
    }

    /// A mistake in the flags, without a hint of its own, is sent to the command's help.
    private func run(_ command: Subcommand, _ argv: [String]) async throws -> Int32 {
        do {
            return try await command.run(argv)
        } catch var failure as Failure {
            if failure.exit == ExitCode.usage.rawValue, failure.hint == nil {
                failure.hint = "see: \(name) help \(command.name)"
            }
            throw failure
        }
    }

    private func command(_ word: String) throws -> Subcommand {
        if let command = commands.first(where: { $0.name == word }) { return command }
        throw Failure.usage(
            "unknown command \(quoted(word))",
            hint: Spelling.hint(for: word, among: commands.map(\.name) + ["help"])
                ?? "see: \(name) help")
    }
}

/// One command of a program, whatever arguments it takes.
package struct Subcommand: Sendable {
    package let name: String
    /// One line for the overview.
    package let summary: String
    /// What the usage says beyond that; may be empty.
    package let discussion: String
    package let options: [OptionDescription]
    let run: @Sendable ([String]) async throws -> Int32

    /// - Parameter run: gets what was parsed; calls `checked()` on it.
    package init<Arguments: CommandArguments>(
        _ name: String, _ arguments: Arguments.Type, summary: String, discussion: String = "",
        run: @escaping @Sendable (Parsed<Arguments>) async throws -> Int32
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.options = arguments.descriptions
        self.run = { argv in try await run(Parser.parse(arguments, argv)) }
    }
}

/// What `--version` says; the two programs of one build agree.
package enum EngineVersion {
    package static let current = "0.1.0"
}
