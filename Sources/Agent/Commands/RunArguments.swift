import Shared

/// The flags of `train-agent run`: a job, or what makes one by hand.
struct RunArguments: CommandArguments {
    var job: String?
    var codePath: String?
    var datasetDirectory: String?
    var outputDirectory: String?
    var logsDirectory: String?
    var workDirectory: String?
    var store: String?
    var again = false
    var powerOff = false
    var training = TrainingOptions()

    static var options: [Option<Self>] {
        runOptions.grouped("the run") + TrainingOptions.options(at: \.training)
    }

    private static let runOptions: [Option<Self>] = [
        .text("--job", "file", \.job, "The launcher's job; excludes all other flags but --again.")
            .completing(.file),
        .text("--code_path", "directory", \.codePath, "Your code.").common().completing(.directory),
        .text("--dataset_directory", "directory", \.datasetDirectory, "Your dataset.")
            .common().completing(.directory),
        .text(
            "--output_directory", "directory", \.outputDirectory,
            "For checkpoints and models; else ./output."
        ).common().completing(.directory),
        .text("--logs_directory", "directory", \.logsDirectory, "For logs; else ./logs.")
            .common().completing(.directory),
        .text(
            "--work_directory", "directory", \.workDirectory,
            "The agent's own; else one for these code, dataset and output."
        ).completing(.directory),
        .text(
            "--store", "url", \.store,
            "Keeps output, logs and status: gs://BUCKET/PREFIX; else nowhere."
        ).common(),
        .flag("--again", \.again, "Trains on although the run is over.").common(),
        .flag("--power_off", \.powerOff, "Powers this machine off at the end."),
    ]
}
