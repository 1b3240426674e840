/// The JSON that the launcher writes and the agent reads (`job.json`): all the agent must know.
///
/// It travels in a VM's metadata, so no secret is ever in it; `secrets` says where those are.
package struct Job: VersionedDocument, Equatable {
    package static let currentVersion = 1

    /// Where the user's code comes from and how it is started.
    package struct Code: Codable, Sendable, Equatable {
        /// A store URL or path of a `.tar.gz`, or a directory on this machine that is run in place.
        package var source: String
        /// Of the archive, in hex; checked before it is unpacked.
        package var sha256: String?
        /// Of the user's repository, where there is one; "+dirty" marks uncommitted changes.
        package var gitCommit: String?
        /// Such as `training_module.main`.
        package var module: String
        /// What the user gave after `--`.
        package var arguments: [String]

        package init(
            source: String, sha256: String? = nil, gitCommit: String? = nil, module: String,
            arguments: [String] = []
        ) {
            self.source = source
            self.sha256 = sha256
            self.gitCommit = gitCommit
            self.module = module
            self.arguments = arguments
        }
    }

    /// Absolute paths on the machine that trains.
    package struct Directories: Codable, Sendable, Equatable {
        /// The agent's own: journal, virtual environment, staging.
        package var work: String
        package var code: String
        package var dataset: String
        package var output: String
        package var logs: String

        package init(work: String, code: String, dataset: String, output: String, logs: String) {
            self.work = work
            self.code = code
            self.dataset = dataset
            self.output = output
            self.logs = logs
        }
    }

    /// What the bucket holds, and how it gets there. See DESIGN.md, "Sync".
    package struct Sync: Codable, Sendable, Equatable {
        /// From the end of one sync to the start of the next.
        package var intervalSeconds: Double = 60
        /// A file rewritten in place for longer than this is copied at its first quiet moment.
        package var maxStalenessSeconds: Double = 600
        /// A transfer that moves nothing for this long is killed and tried again.
        package var transferTimeoutSeconds: Double = 120
        /// How long the last sync may go on trying when nothing else bounds it.
        package var finalSyncTimeoutSeconds: Double = 3600
        /// Patterns (`*` within a name, `**` across) of paths that stay on the machine.
        package var exclude: [String] = []
        /// Deletes in the bucket what is gone on the machine. Off unless asked for.
        package var mirror = false
        /// Keeps the newest N checkpoints in the bucket, and the best; nil keeps all.
        package var keepLast: Int?
        /// `gsutil`, `gcloud`, `rclone`, `aws`; nil takes the cloud's own.
        package var transferTool: String?

        package init() {}
    }

    package var version = Job.currentVersion
    package var run: RunName
    package var code: Code
    /// A store URL, or a directory on this machine that is read in place.
    package var dataset: String
    /// A store URL below which `output/`, `logs/` and `run/` appear; nil keeps all on this machine.
    package var output: String?
    package var directories: Directories
    /// For the trainer, install.sh and pip.
    package var environment: [String: String] = [:]
    /// A store URL or path of a JSON object of more environment, readable to the run alone.
    package var secrets: String?
    package var sync = Sync()
    /// Between SIGTERM and SIGKILL for the trainer.
    package var graceSeconds: Double = 20
    /// Counted from `createdAt`, not from a boot: a preempted run does not win new time.
    package var maxDurationSeconds: Double?
    /// How often a trainer that failed is started again from its checkpoints.
    package var maxRestarts = 0
    /// The argv that turns the machine off at the end; nil leaves it on.
    package var powerOff: [String]?
    package var createdAt: Date

    package init(
        run: RunName, code: Code, dataset: String, output: String?, directories: Directories,
        createdAt: Date
    ) {
        self.run = run
        self.code = code
        self.dataset = dataset
        self.output = output
        self.directories = directories
        self.createdAt = createdAt
    }

    /// The moment at which the trainer is asked to stop.
    package var deadline: Date? { maxDurationSeconds.map { createdAt.addingTimeInterval($0) } }
}
