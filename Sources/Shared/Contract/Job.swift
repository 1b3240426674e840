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
        /// Such as `training_module.main`, for `python -m`; nil where there is a command.
        package var module: String?
        /// A `CommandTemplate`, for `bash -c`; nil where there is a module.
        package var command: String?
        /// What the user gave after `--`, for the module.
        package var arguments: [String]
        /// What follows them where there is output to go on from, with the placeholders of a
        /// `CommandTemplate`; nil, and absent from JSON, for none.
        package var resumeArguments: [String]?

        package init(
            source: String, sha256: String? = nil, gitCommit: String? = nil, module: String?,
            command: String? = nil, arguments: [String] = []
        ) {
            self.source = source
            self.sha256 = sha256
            self.gitCommit = gitCommit
            self.module = module
            self.command = command
            self.arguments = arguments
        }

        /// What is started in the code's directory; nil for a job that `objection` refuses.
        package var entry: TrainingEntry? {
            get {
                switch (module, command) {
                case (let module?, nil): .module(module)
                case (nil, let command?): .command(CommandTemplate(command))
                default: nil
                }
            }
            set {
                module = newValue?.module
                command = newValue?.command
            }
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

    /// A package that is installed as it lies.
    package struct Wheel: Codable, Sendable, Equatable {
        /// A store URL or path; the last part is the wheel's own name.
        package var source: String
        /// In hex; checked before it runs.
        package var sha256: String

        package init(source: String, sha256: String) {
            self.source = source
            self.sha256 = sha256
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
        /// How much of what the training writes into its code directory is taken along, in bytes;
        /// nil, and absent from JSON, for `defaultStrayBytes`.
        package var strayBytes: Int64?
        /// `gsutil`, `gcloud`, `rclone`, `aws`; nil takes the cloud's own.
        package var transferTool: String?

        package static let defaultStrayBytes: Int64 = 5_000_000_000

        package init() {}
    }

    package var version = Job.currentVersion
    package var run: RunName
    /// Which machine of the run the job is for; nil, and absent from JSON, for a lone one.
    package var node: NodeID?
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
    /// pip's own wheel, for a machine whose Python lacks pip; nil if it was not sent.
    package var pip: Wheel?
    /// The machine's Python that the environment is made of: a path or a name in PATH; nil, and absent
    /// from JSON, leaves it to the agent.
    package var python: String?
    package var sync = Sync()
    /// Whether the trainer gets the import hook of docs/observer.md; nil, and absent from JSON, for
    /// yes.
    package var observe: Bool?
    /// Between SIGTERM and SIGKILL for the trainer.
    package var graceSeconds: Double = 20
    /// Counted from `createdAt`, not from a boot: a preempted run does not win new time.
    package var maxDurationSeconds: Double?
    /// When the cloud itself turns the machine off, less the time for a last sync; nothing moves it.
    /// nil, and absent from JSON, where no such limit is fixed.
    package var hardLimitSeconds: Double?
    /// What the machine may cost; `maxDurationSeconds` is no longer than that. nil, and absent from
    /// JSON, where nothing limits it.
    package var cost: CostLimit?
    /// How often a trainer that failed is started again from its checkpoints.
    package var maxRestarts = 0
    /// What is done with a training that stands still; nil, and absent from JSON, for `report`.
    package var onStall: StallAction?
    /// How long a training may stand still; nil, and absent from JSON, leaves it to `StallRule`.
    package var stallAfterSeconds: Double?
    /// Before the first restart; nil, and absent from JSON, for `defaultRestartWait`.
    package var restartWaitSeconds: Double?
    /// `MetricPattern`s of the user's own, for the trainer's log.
    package var metrics: [String]?
    /// `AlertRule`s of the user's.
    package var alerts: [String]?
    /// Whether `secrets` holds the address of a webhook, as `SecretsDocument.webhook`.
    package var webhook: Bool?
    /// Of the training, where the user said it.
    package var totalSteps: Int?
    /// Of the machine, in the user's currency.
    package var hourlyPrice: Double?
    /// What the bucket held before this run began; nil for a run that begins anew.
    package var parent: ParentRun?
    /// The argv that turns the machine off at the end; nil leaves it on.
    package var powerOff: [String]?
    package var createdAt: Date

    /// In seconds: what a driver needs to free the memory of a killed process, and a short outage.
    package static let defaultRestartWait = 5.0

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
