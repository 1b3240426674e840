import Shared

/// A run that was checked from end to end and of which nothing is made yet.
struct Plan: Sendable {
    var run: RunName
    var code: CodeTree
    var gitCommit: String?
    var module: String
    /// For the user's `main`.
    var arguments: [String]
    /// `--env NAME=VALUE`: whoever sees the job sees it.
    var environment: [String: String]
    /// `--env NAME`: kept out of job, argv, logs and status.
    var secrets: [String: String]
    var dataset: DatasetPlace
    /// Below it `output/`, `logs/` and `run/` appear.
    var output: StoreURL
    var agent: AgentExecutable
    var access: StoreAccess
    var sync: Job.Sync
    var graceSeconds: Double
    /// nil: never.
    var maxDuration: TimeSpan?
    var maxRestarts: Int
    var machine = MachineRequest()
    /// As the user gave it.
    var stateBucketName: String?
    /// The run's place in it, once the cloud has looked at it.
    var stateBucket: StoreURL?

    /// The dataset where it is in a bucket.
    var datasetBucket: StoreURL? {
        if case .bucket(let url) = dataset { url } else { nil }
    }

    /// The job, without what only the cloud knows: where code, secrets and directories are.
    func job(
        code source: String, archive: CodeArchive, secretsFile: String?,
        directories: Job.Directories, createdAt: Date
    ) -> Job {
        var job = Job(
            run: run,
            code: Job.Code(
                source: source, sha256: archive.sha256, gitCommit: gitCommit, module: module,
                arguments: arguments),
            dataset: dataset.source, output: output.description, directories: directories,
            createdAt: createdAt)
        job.environment = environment
        job.secrets = secretsFile
        job.sync = sync
        job.graceSeconds = graceSeconds
        job.maxDurationSeconds = maxDuration?.seconds
        job.maxRestarts = maxRestarts
        return job
    }

    func record(createdAt: Date) -> RunRecord {
        var record = RunRecord(
            run: run, createdAt: createdAt, codePath: code.directory, module: module,
            dataset: dataset.source, output: output.description)
        record.credentialsPath = access.credentialsPath
        record.transferTool = access.tool
        record.stateBucket = stateBucket?.description
        record.zones = machine.zones.isEmpty ? nil : machine.zones
        record.syncIntervalSeconds = sync.intervalSeconds
        record.transferTimeoutSeconds = sync.transferTimeoutSeconds
        return record
    }
}
