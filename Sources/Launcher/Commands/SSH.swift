import Shared

/// `train ssh`: a shell on a run's machine.
enum Shell {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var words: [String] = []

        static var options: [Option<Self>] {
            addressOptions + [
                .rest("command", \.words, "Runs there in place of a shell.")
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "ssh", Arguments.self, summary: "Opens a shell on a run's machine.",
            discussion: """
                With the key made for the run, and only where the machine shows the key that its
                agent told through the bucket.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            let run = try await RunStore(context: context).open(arguments.address).recovered()
            return try await run.cloud.connection(to: run).shell(arguments.words)
        }
    }
}
