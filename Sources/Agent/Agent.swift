import Shared

/// `train-agent`: argv in, exit code out.
package enum Agent {
    static let program = Program(
        name: "train-agent",
        summary: "Owns one training on the machine it runs on.",
        commands: [RunCommand.subcommand, StatusCommand.subcommand, StopCommand.subcommand],
        footer: """
            By hand, on any machine:
              train-agent run --code_path ./classifier --dataset_directory ./data
            """)

    package static func main(_ arguments: [String]) async -> Int32 {
        SignalStream.ignoreBrokenPipes()
        if arguments.first == DirectoryStoreCommand.name {
            return DirectoryStoreCommand.run(Array(arguments.dropFirst()))
        }
        if arguments.first == Keeper.name {
            return Keeper.run(Array(arguments.dropFirst()), clock: ContinuousClock())
        }
        return await program.run(arguments)
    }
}
