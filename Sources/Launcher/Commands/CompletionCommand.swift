import Shared

/// `train completion`: the script that makes the shell complete our commands and flags.
enum CompletionCommand {
    struct Arguments: CommandArguments {
        var shell: String?
        static var options: [Option<Self>] {
            [
                .positional("SHELL", \.shell, "Which shell.").required()
                    .completing(.oneOf(Completion.shells))
            ]
        }
    }

    /// - Parameter program: the whole program, this command included.
    static func command(_ console: Console, program: @escaping @Sendable () -> Program)
        -> Subcommand
    {
        Subcommand(
            "completion", Arguments.self, summary: "Prints a completion script for bash or zsh.",
            discussion: "Put  source <(train completion bash)  into ~/.bashrc, or the like for zsh."
        ) { parsed in
            let shell = try parsed.checked().shell ?? ""
            console.output(Completion.script(for: shell, of: program()))
            return ExitCode.ok.rawValue
        }
    }
}
