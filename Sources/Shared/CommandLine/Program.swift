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
            return report(failure, argv, console)
        } catch is CancellationError {
            return ExitCode.signalled(SIGINT)
        } catch {
            return report(Failure("\(error)"), argv, console)
        }
    }

    /// The error as a document, for a program that reads stdout.
    private struct ErrorDocument: Encodable {
        struct Body: Encodable {
            var message: String
            var detail: String?
            var hint: String?
            var exitStatus: Int32
        }
        var error: Body
    }

    private func report(_ failure: Failure, _ argv: [String], _ console: Console) -> Int32 {
        console.report(failure, program: name)
        let words = argv.prefix { $0 != "--" }
        if words.contains("--json") || words.contains("--json=true") {
            let body = ErrorDocument.Body(
                message: oneLine(failure.summary), detail: failure.detail,
                hint: failure.hint.map(oneLine), exitStatus: failure.exit)
            if let data = try? JSONFormat.encode(ErrorDocument(error: body)) {
                console.output(String(decoding: data, as: UTF8.self) + "\n")
            }
        }
        return failure.exit
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
            if let topic = rest.first(where: { !$0.hasPrefix("-") }), topic != "help" {
                console.output(Usage.short(of: try command(topic), in: self))
            } else {
                console.output(Usage.overview(of: self))
            }
        case _ where word.hasPrefix("-"):
            throw Failure.usage(
                "\(quoted(word)) stands before the command, where only --help and --version may",
                hint: "the command comes first: \(name) COMMAND [flags]; see: \(name) help")
        default:
            let command = try command(word)
            switch Parser.help(in: rest) {
            case nil: return try await run(command, rest)
            case .short: console.output(Usage.short(of: command, in: self))
            case .whole: console.output(Usage.text(of: command, in: self))
            }
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
    /// Whole command lines for the usage.
    package let examples: [String]
    package let options: [OptionDescription]
    let run: @Sendable ([String]) async throws -> Int32

    /// - Parameter run: gets what was parsed; calls `checked()` on it.
    package init<Arguments: CommandArguments>(
        _ name: String, _ arguments: Arguments.Type, summary: String, discussion: String = "",
        examples: [String] = [],
        run: @escaping @Sendable (Parsed<Arguments>) async throws -> Int32
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.examples = examples
        self.options = arguments.descriptions
        self.run = { argv in try await run(Parser.parse(arguments, argv)) }
    }
}

/// What `--version` says; the two programs of one build agree.
package enum EngineVersion {
    package static let current = "0.1.0"
}
