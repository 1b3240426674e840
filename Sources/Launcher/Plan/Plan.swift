import Shared

/// A run that was checked from end to end and of which nothing is made yet.
struct Plan: Sendable {
    var run: RunName
    var code: CodeTree
    var gitCommit: String?
    /// Found in the code where the options name none.
    var entry: TrainingEntry
    /// For the job as they are.
    var training: TrainingOptions
    /// `--env NAME`: kept out of job, argv, logs and status.
    var secrets: [String: String]
    var dataset: DatasetPlace
    /// Below it `output/`, `logs/` and `run/` appear.
    var output: StoreURL
    /// The name of the run's own stores; nil if it has none, as on this computer.
    var storeName: StoreName?
    var agent: AgentExecutable
    var access: StoreAccess
    var machine = MachineRequest()
    /// Whose zones may be taken too where the cloud itself names them.
    var openRegions: Set<String> = []
    /// What is in the output before the training begins.
    var initial: InitialOutput?
    /// See `StartArguments`.
    var given: [String: [String]] = [:]
    var branch: BranchOrigin?
    /// As the user gave it.
    var stateBucketName: String?
    /// Why the machine's identity is given the dataset's whole bucket where the dataset is a part of
    /// it; nil where the part alone is granted.
    var wideGrantReason: String?
    /// The run's place in it, once the cloud has looked at it.
    var stateBucket: StoreURL?

    /// The dataset where it is in a bucket.
    var datasetBucket: StoreURL? {
        if case .bucket(let url) = dataset { url } else { nil }
    }

    /// The job, without what only the cloud knows: where code, secrets and directories are.
    ///
    /// - Throws: `Failure` where the options cannot be a job's.
    func job(
        code source: String, archive: CodeArchive, secretsFile: String?,
        directories: Job.Directories, createdAt: Date
    ) throws -> Job {
        var job = Job(
            run: run,
            code: Job.Code(
                source: source, sha256: archive.sha256, gitCommit: gitCommit, module: nil),
            dataset: dataset.source, output: output.description, directories: directories,
            createdAt: createdAt)
        try training.apply(to: &job)
        job.code.entry = entry
        job.secrets = secretsFile
        job.parent = initial?.parent
        if let objection = job.objection { throw Failure("the job: \(objection)") }
        return job
    }

    /// Packs the code, or takes what the parent's was packed into.
    ///
    /// - Throws: `Failure` with tar's last words.
    func packCode(at path: String, runner: any CommandRunner) async throws -> CodeArchive {
        guard let archive = branch?.archive else {
            return try await CodeArchive.make(of: code, at: path, runner: runner)
        }
        return try CodeArchive.copy(of: archive, at: path)
    }

    /// What of the secrets travels.
    func secretsDocument() -> SecretsDocument {
        var random = SystemRandomNumberGenerator()
        return SecretsDocument(secrets, random: &random)
    }

    /// The machine's identity may read the bucket of its dataset: no state of Terraform's must lie in
    /// it, which tells of every run and its stores. A dataset that is a part of the bucket changes
    /// nothing: not every cloud and tool can be held to that part.
    ///
    /// - Throws: `Failure` with exit code 2 where it does.
    func refuseSharedBucket() throws {
        guard let dataset = datasetBucket, let text = stateBucketName,
            let state = try? BucketArgument.parse(text, scheme: dataset.scheme),
            state.bucket == dataset.bucket
        else { return }
        // Azure's bucket is the account; what is granted is a container.
        func container(_ url: StoreURL) -> Substring? { url.path.split(separator: "/").first }
        guard dataset.scheme != "az" || container(state) == container(dataset) else { return }
        throw Failure.usage(
            "--state_bucket \(quoted(text)) is the bucket of the dataset, which the machine may read",
            hint: "keep Terraform's state in a bucket that holds nothing else")
    }

    func record(createdAt: Date) -> RunRecord {
        var record = RunRecord(
            run: run, createdAt: createdAt, codePath: branch?.codePath ?? code.directory,
            module: entry.module,
            dataset: dataset.source, output: output.description)
        record.storeName = storeName
        record.credentialsPath = access.credentialsPath
        record.transferTool = access.tool
        record.stateBucket = stateBucket?.description
        record.zones = machine.zones.isEmpty ? nil : machine.zones
        record.syncIntervalSeconds = training.syncInterval.seconds
        record.transferTimeoutSeconds = training.transferTimeout.seconds
        return record
    }
}
