import Shared

/// `train`: argv in, exit code out.
package enum Launcher {
    package static func main(_ arguments: [String]) async -> Int32 {
        // Our own stores' copying, as a child of this very program.
        if arguments.first == DirectoryStoreCommand.name {
            return DirectoryStoreCommand.run(Array(arguments.dropFirst()))
        }
        SignalStream.ignoreBrokenPipes()
        let context = Context.real()
        return await program(context).run(arguments, console: context.console)
    }

    /// The whole command tree.
    static func program(_ context: Context) -> Program {
        Program(
            name: "train",
            summary: "train: train a Python model on a machine of its own with one command.",
            commands: [
                Init.command(context), Start.command(context), Status.command(context),
                Logs.command(context),
                Events.command(context), WatchCommand.command(context), Wait.command(context),
                TensorBoard.command(context), List.command(context), Stop.command(context),
                Tune.command(context), Checkpoint.command(context),
                Extend.command(context), Resume.command(context), Branch.command(context),
                Finish.command(context), Report.command(context), Compare.command(context),
                Shell.command(context),
                Doctor.command(context), Demo.command(context),
                CompletionCommand.command(context) { program(context) },
            ],
            footer: """
                a first look:  train demo
                """)
    }
}
