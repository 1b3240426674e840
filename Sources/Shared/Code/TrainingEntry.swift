/// What is started in the directory of the user's code.
package enum TrainingEntry: Sendable, Equatable {
    /// By `python -m`, with the three directories and the user's arguments as flags.
    case module(String)
    /// By `bash -c`, with nothing added to it.
    case command(CommandTemplate)

    package var module: String? {
        if case .module(let module) = self { module } else { nil }
    }

    /// The line as the user wrote it.
    package var command: String? {
        if case .command(let template) = self { template.text } else { nil }
    }
}

extension TrainingOptions {
    /// What the options name; nil where it is up to the code.
    package var named: TrainingEntry? {
        if let command { return .command(CommandTemplate(command)) }
        return module.map { .module($0) }
    }

    /// What a training of the code in the directory `code` starts.
    ///
    /// - Throws: `Failure` with exit code 2 where the options contradict each other, name what is not
    ///   there, or name nothing and the code has not exactly one module with a main.
    package func entry(in code: String) throws -> TrainingEntry {
        guard let command else {
            return .module(
                try module.map { try TrainingModule.check($0, in: code) }
                    ?? TrainingModule.find(in: code))
        }
        if let module {
            throw Failure.usage(
                "--command and --module \(module) both say what is started",
                hint: "leave one of them out; as a command it is --command "
                    + shellQuoted("python -m \(module) …"))
        }
        if !arguments.isEmpty {
            let line = ([command] + arguments.map(shellQuoted)).joined(separator: " ")
            throw Failure.usage(
                "arguments after -- go to a module, and --command runs a line as it stands",
                hint: "put them into it: --command \(shellQuoted(line))")
        }
        if let argument = resumeArguments.first {
            let line = "\(command) {if_resumed: \(argument)}"
            throw Failure.usage(
                "--resume_argument goes to a module, and --command runs a line as it stands",
                hint: "put it into the line: --command \(shellQuoted(line))")
        }
        let template = CommandTemplate(command)
        if let objection = template.objection { throw Failure.usage("--command \(objection)") }
        return .command(template)
    }
}
