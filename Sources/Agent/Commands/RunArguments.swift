import Shared

/// The flags of `train-agent run`: a job, or what makes one by hand.
struct RunArguments: CommandArguments {
    var job: String?
    var codePath: String?
    var datasetDirectory: String?
    var outputDirectory: String?
    var logsDirectory: String?
    var workDirectory: String?
    var module: String?
    var store: String?
    var powerOff = false
    var syncInterval = 60.0
    var maxDuration: TimeSpan?
    var maxRestarts = 0
    var grace = 20.0
    var environment: [String] = []
    var trainerArguments: [String] = []

    static let options: [Option<Self>] = [
        .text("--job", "file", \.job, "The job that the launcher wrote; excludes the flags below.")
            .completing(.file),
        .text("--code_path", "directory", \.codePath, "The directory of your code.")
            .completing(.directory),
        .text(
            "--dataset_directory", "directory", \.datasetDirectory,
            "The directory of the dataset."
        )
        .completing(.directory),
        .text(
            "--output_directory", "directory", \.outputDirectory,
            "Where checkpoints and models go; ./output where nothing is said."
        )
        .completing(.directory),
        .text(
            "--logs_directory", "directory", \.logsDirectory,
            "Where logs go; ./logs where nothing is said."
        )
        .completing(.directory),
        .text(
            "--work_directory", "directory", \.workDirectory,
            "The agent's own directory; one below the state directory where nothing is said."
        )
        .completing(.directory),
        .text("--module", "module", \.module, "What to run, such as training_module.main."),
        .text(
            "--store", "url", \.store,
            "Where output, logs and status go, such as gs://bucket/prefix; nowhere by default."),
        .flag("--power_off", \.powerOff, "Power this machine off at the end."),
        .parsed(
            "--sync_interval_seconds", "seconds", \.syncInterval, "Between two syncs.",
            expects: "a number of seconds above 0"
        ) { Double($0).flatMap { $0 > 0 && $0.isFinite ? $0 : nil } },
        .parsed(
            "--max_duration", "time", \.maxDuration, "Stop the training after this long.",
            expects: TimeSpan.expectation
        ) { TimeSpan($0) },
        .parsed(
            "--max_restarts", "count", \.maxRestarts, "Start a trainer that failed again.",
            expects: "a whole number"
        ) { Int($0).flatMap { $0 >= 0 ? $0 : nil } },
        .parsed(
            "--grace_seconds", "seconds", \.grace, "Between SIGTERM and SIGKILL for the trainer.",
            expects: "a number of seconds"
        ) { Double($0).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil } },
        .repeated(
            "--env", "NAME=VALUE", \.environment, "A variable for the trainer and install.sh."),
        .rest("arguments", \.trainerArguments, "Passed to your module as they are."),
    ]
}
