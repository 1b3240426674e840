import Shared

/// `train completion`: the script that makes the shell complete our commands and flags.
enum CompletionCommand {
    /// What the scripts ask for the names of runs; no cloud is asked.
    private static let runs = "runs"

    struct Arguments: CommandArguments {
        var shell: String?
        static var options: [Option<Self>] {
            [
                .positional(
                    "SHELL", \.shell, "Which shell; runs prints the runs known here instead."
                )
                .required().completing(.oneOf(Completion.shells + [runs]))
            ]
        }
    }

    /// - Parameter program: the whole program, this command included.
    static func command(
        _ context: Context, program: @escaping @Sendable () -> Program
    ) -> Subcommand {
        Subcommand(
            "completion", Arguments.self, summary: "Prints a completion script for bash or zsh.",
            discussion: "Put  source <(train completion bash)  into ~/.bashrc, or the like for zsh."
        ) { parsed in
            let shell = try parsed.checked().shell ?? ""
            guard shell == runs else {
                context.console.output(Completion.script(for: shell, of: program()))
                return ExitCode.ok.rawValue
            }
            // A run that cannot be read has no name to offer; `train list` tells of it.
            let names = try context.state.all().compactMap { try? $0.record.get().run.description }
            context.console.output(names.sorted().map { $0 + "\n" }.joined())
            return ExitCode.ok.rawValue
        }
    }
}
