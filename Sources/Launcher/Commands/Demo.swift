import Shared

/// `train demo`: start, watch and finish on the example that comes with the sources.
struct Demo: Sendable {
    struct Arguments: CommandArguments {
        var examplePath: String?
        var destination: String?
        var agentPath: String?

        static var options: [Option<Self>] {
            [
                .text(
                    "--example_path", "directory", \.examplePath,
                    "The example; else the one that came with this program."
                ).completing(.directory),
                .text(
                    "--destination", "directory", \.destination,
                    "Where the model goes; else a temporary directory."
                ).completing(.directory),
                .text(
                    "--agent_path", "file", \.agentPath,
                    "The agent's executable; else the one beside this program."
                ).completing(.file),
            ]
        }
    }

    let context: Context

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "demo", Arguments.self,
            summary: "Trains a small network on this machine, from start to finish.",
            discussion:
                "Reads handwritten digits; takes about a minute and needs nothing of a cloud."
        ) { parsed in
            let arguments = try parsed.checked()
            return try await untilInterrupted {
                try await Demo(context: context).perform(arguments)
            }
        }
    }

    private func perform(_ arguments: Arguments) async throws -> Int32 {
        let example = try example(arguments.examplePath)
        var start = StartArguments()
        start.address.cloud = LocalCloud.name
        start.address.codeName = "classifier"
        start.address.datasetName = "digits"
        start.codePath = example + "/classifier"
        start.datasetBucket = example + "/dataset"
        start.training.syncInterval = TimeSpan(seconds: 5)
        start.agentPath = arguments.agentPath

        let run = try await Start(context: context).begin(start)
        let view = try await Watch(context: context).follow(run)
        let code = view.status?.outcome?.processExitStatus ?? ExitCode.failed.rawValue

        var finish = FinishArguments()
        finish.address.short = run.name.description
        finish.address.cloud = LocalCloud.name
        finish.destination =
            try arguments.destination ?? TemporaryDirectory(prefix: "train-demo").path
        guard let collected = try await Finish(context: context).perform(finish) else {
            throw Failure("the demo's run is gone: another train finished it")
        }
        context.console.output(collected.text)
        guard code == ExitCode.ok.rawValue else {
            let outcome = view.status?.outcome
            throw Failure(
                "the demo's training did not succeed: \(outcome?.message ?? "no outcome is known")",
                detail: outcome?.lastLines,
                hint: outcome?.hint ?? "its logs are in \(collected.directory)/logs",
                exitStatus: code)
        }
        context.console.output(summary(start, collected))
        return code
    }

    private func summary(_ start: StartArguments, _ collected: FinishResult) -> String {
        """

        the model is in  \(collected.directory)/output

        the three commands that did it, for your own code and data:
          train start --cloud local --code_name classifier --code_path \(start.codePath) \\
              --dataset_name digits --dataset_bucket \(start.datasetBucket)
          train status classifier/digits
          train finish classifier/digits

        """
    }

    /// The example lies above the executable: in the sources that it was built from, or in `share`
    /// beside the `bin` that it was installed in.
    private func example(_ given: String?) throws -> String {
        if let given {
            let path = StoreURL.absolutePath(given)
            guard isDirectory(path + "/classifier"), isDirectory(path + "/dataset") else {
                throw Failure.usage(
                    "--example_path \(quoted(given)) does not hold classifier/ and dataset/",
                    hint: "give Examples/digits of the sources")
            }
            return path
        }
        var directory = context.executableDirectory
        while directory != "/" {
            for place in ["/Examples/digits", "/share/train/Examples/digits"]
            where isDirectory(directory + place + "/classifier") {
                return directory + place
            }
            directory = parentDirectory(directory)
        }
        throw Failure(
            "the example is not above \(quoted(context.executableDirectory))",
            hint: "say where it is: train demo --example_path DIRECTORY")
    }
}
