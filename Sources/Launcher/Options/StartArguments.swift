import Shared

/// The flags of `train start`: the run, its places, its machine; the training's own are `TrainingOptions`.
struct StartArguments: RunAddressing {
    var address = RunAddress()
    var codePath = ""
    var datasetBucket = ""
    var outputBucket: String?
    /// A folder that `finish` made, or a run's short name.
    var initialOutput: String?
    var initialStep: Int?
    var agentPath: String?
    var machine = MachineRequest()
    var training = TrainingOptions()
    var dryRun = false
    var replace = false
    var wait = false
    var onEnd: EndHook?
    var json = false
    /// What was typed or stood in a file, by option: `train branch` starts with it again.
    var given: [String: [String]] = [:]
    /// Where `train branch` takes the code from.
    var branch: BranchOrigin?

    /// A rented machine costs money, so a training that hangs ends after a day.
    init() {
        training.maxDuration = .limit(TimeSpan(seconds: MachineLimits.defaultDurationSeconds))
    }

    static var options: [Option<Self>] {
        (placeOptions + newAddressOptions).grouped("the run")
            + MachineRequest.options.map { $0.embedded(at: \.machine) }.grouped("the machine")
            + TrainingOptions.options(at: \.training)
            + watchOptions.grouped("this command")
    }

    private static var placeOptions: [Option<Self>] {
        [
            .text("--code_path", "path", \.codePath, "Your code.").common()
                .required().completing(.directory)
                .from(.userFile(because: "chooses the code itself")),
            .text(
                "--dataset_bucket", "bucket", \.datasetBucket,
                "Your dataset; with --cloud local a directory."
            ).common().required().completing(.directory).from(.announced),
            .text(
                "--output_bucket", "url", \.outputBucket,
                "Where the output goes; else a place of the run's own."
            ).from(.userFile(because: "sends the output, and what it may tell, to another place")),
            .text(
                "--initial_output", "run", \.initialOutput,
                "Goes on from this run's output: CODE/DATASET, or a folder that finish made."
            ).common().completing(.directory)
                .from(.userFile(because: "takes what another run has made")),
            .count(
                "--initial_step", \.initialStep, "Of its checkpoints, the one to go on from.",
                in: 0...(1 << 53)
            ).from(.userFile(because: "takes what another run has made")),
            .text("--agent_path", "file", \.agentPath, "The agent; else the one beside train.")
                .completing(.file)
                .from(.userFile(because: "names a program that runs with your rights")),
        ]
    }

    private static var watchOptions: [Option<Self>] {
        let source = ConfigurationSource.userFile(because: "decides what this command itself does")
        return [
            .flag(
                "--replace", \.replace,
                "First discards the run of this name, if it ended without success."
            ).common().from(source),
            .flag("--wait", \.wait, "Watches to the end; Ctrl-C leaves the training running.")
                .common()
                .from(source),
            .parsed(
                "--on_end", "command", \.onEnd,
                "With --wait: runs here at each alert and at the end.",
                expects: EndHook.expectation, parse: { EndHook($0) }
            ).from(.userFile(because: "names a program that runs with your rights")),
            .flag("--dry_run", \.dryRun, "Shows plan, user data and job; creates nothing.").common()
                .from(source),
            .flag("--json", \.json, "Prints JSON for programs.").common().from(source),
        ]
    }
}
