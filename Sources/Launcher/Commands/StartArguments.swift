import Shared

/// The flags of `train start`.
struct StartArguments: RunAddressing {
    var address = RunAddress()
    var codePath = ""
    var module: String?
    var datasetBucket = ""
    var outputBucket: String?
    var environment: [String] = []
    var syncIntervalSeconds = 60.0
    var exclude: [String] = []
    var mirror = false
    var keepLast: Int?
    var maxStaleness = TimeSpan(seconds: 600)
    var transferTimeout = TimeSpan(seconds: 120)
    var transferTool: String?
    var maxDuration = MaximumDuration.limit(TimeSpan(seconds: 86_400))
    var maxRestarts = 0
    var graceSeconds = 20.0
    var agentPath: String?
    var machine = MachineRequest()
    var dryRun = false
    var wait = false
    var json = false
    var arguments: [String] = []

    static var options: [Option<Self>] {
        addressOptions + placeOptions + machineOptions + trainerOptions + syncOptions + watchOptions
    }

    private static var placeOptions: [Option<Self>] {
        [
            .text("--code_path", "directory", \.codePath, "The directory that holds your code.")
                .required().completing(.directory),
            .text(
                "--dataset_bucket", "bucket", \.datasetBucket,
                "The bucket that holds the dataset; for --cloud local a directory or a URL."
            ).required().completing(.directory),
            .text(
                "--output_bucket", "url", \.outputBucket,
                "Where the output goes, such as gs://BUCKET; else a place of the run's own."),
            .text(
                "--agent_path", "file", \.agentPath,
                "The agent's executable; else the one beside this program."
            ).completing(.file),
        ]
    }

    private static var machineOptions: [Option<Self>] {
        [
            .text(
                "--machine_type", "type", \.machine.machineType,
                "Such as g2-standard-8, g5.xlarge, Standard_NC4as_T4_v3; else a small one with a GPU."
            ),
            .text(
                "--gpu_type", "type", \.machine.gpuType,
                "The GPU to attach to one of Google's n1 machines, such as nvidia-tesla-t4."),
            .parsed(
                "--gpu_count", "count", \.machine.gpuCount, "How many of them; else 1.",
                expects: "1, 2, 4 or 8"
            ) { Int($0).flatMap { [1, 2, 4, 8].contains($0) ? $0 : nil } },
            .parsed(
                "--disk_size_gb", "size", \.machine.diskSizeGb,
                "The boot disk, which holds the output too; else 200.",
                expects: "a whole number from 50 to 4000"
            ) { Int($0).flatMap { (50...4000).contains($0) ? $0 : nil } },
            .parsed(
                "--zones", "zones", \.machine.zones,
                "Tried in order until one has the machine free, such as us-central1-a,us-central1-b.",
                expects: ZoneList.expectation
            ) { ZoneList.parse($0) },
            .text(
                "--image", "image", \.machine.image,
                "The boot disk's image; else the cloud's own for deep learning."),
            .flag(
                "--spot", \.machine.isSpot,
                "Takes a spot machine: much cheaper, and taken away at any time."),
            .flag(
                "--grant_dataset_access", \.machine.grantsDataset,
                "Lets the machine read the dataset; =false where it is public, or that is done."),
            .parsed(
                "--ssh_cidr", "range", \.machine.sshCidr,
                "The addresses that SSH is open to; else this computer's alone.",
                expects: AddressRange.expectation
            ) { AddressRange.parse($0) },
        ]
    }

    private static var trainerOptions: [Option<Self>] {
        [
            .text(
                "--module", "module", \.module,
                "What python -m runs; else the single package with a main.py that defines main."),
            .repeated(
                "--env", "name=value", \.environment,
                "A variable for the trainer. NAME alone takes it from your environment and keeps it "
                    + "secret."),
            .parsed(
                "--max_duration", "time", \.maxDuration,
                "After this long the training is asked to stop; never says no limit.",
                expects: MaximumDuration.expectation
            ) { MaximumDuration($0) },
            .parsed(
                "--max_restarts", "count", \.maxRestarts,
                "How often a trainer that failed is started again from its checkpoints.",
                expects: "a whole number from 0 to 1000"
            ) { Int($0).flatMap { (0...1000).contains($0) ? $0 : nil } },
            .parsed(
                "--grace_seconds", "seconds", \.graceSeconds,
                "How long the trainer has to stop when it is asked to.",
                expects: "a number of seconds from 0 to 3600"
            ) { Double($0).flatMap { (0...3600).contains($0) ? $0 : nil } },
            .rest("argument", \.arguments, "Goes to your main as it is."),
        ]
    }

    private static var syncOptions: [Option<Self>] {
        [
            .parsed(
                "--sync_interval_seconds", "seconds", \.syncIntervalSeconds,
                "From the end of one sync to the start of the next.",
                expects: "a number of seconds from 1 to 86400"
            ) { Double($0).flatMap { (1...86_400).contains($0) ? $0 : nil } },
            .repeated(
                "--exclude", "pattern", \.exclude,
                "Output that stays on the machine; * within a name, ** across."),
            .flag(
                "--mirror", \.mirror,
                "Deletes in the bucket what the trainer deleted from its output."),
            .parsed(
                "--keep_last", "count", \.keepLast,
                "Keeps only the newest checkpoints, and the best, in the bucket.",
                expects: "a whole number from 1 to 1000000"
            ) { Int($0).flatMap { (1...1_000_000).contains($0) ? $0 : nil } },
            .parsed(
                "--max_staleness", "time", \.maxStaleness,
                "A file that never rests is copied at its first quiet moment after this long.",
                expects: TimeSpan.expectation
            ) { TimeSpan($0) },
            .parsed(
                "--transfer_timeout", "time", \.transferTimeout,
                "A transfer that moves nothing for this long is killed and tried again.",
                expects: TimeSpan.expectation
            ) { TimeSpan($0) },
            .text(
                "--transfer_tool", "tool", \.transferTool,
                "What moves the bytes; else the cloud's own tool."
            ).completing(.oneOf(["gsutil", "gcloud", "rclone", "aws"])),
        ]
    }

    private static var watchOptions: [Option<Self>] {
        [
            .flag(
                "--wait", \.wait, "Watches until the training has ended; Ctrl-C leaves it running."),
            .flag(
                "--dry_run", \.dryRun,
                "Shows the plan, the machine's user data and the job; creates nothing."),
            .flag("--json", \.json, "Prints JSON for programs."),
        ]
    }

    /// The sync part of the job.
    var sync: Job.Sync {
        var sync = Job.Sync()
        sync.intervalSeconds = syncIntervalSeconds
        sync.maxStalenessSeconds = maxStaleness.seconds
        sync.transferTimeoutSeconds = transferTimeout.seconds
        sync.exclude = exclude
        sync.mirror = mirror
        sync.keepLast = keepLast
        sync.transferTool = transferTool
        return sync
    }
}
