import Shared

/// `run.json`: what the launcher knows of a run that it started.
struct RunRecord: VersionedDocument, Equatable {
    static let currentVersion = 1

    /// How far the launcher came.
    enum Stage: String, Codable, Sendable {
        /// Being made; found without a launcher at work, it is a leftover.
        case starting
        case started
        /// Everything is downloaded and verified; only the removal is left.
        case collected
    }

    /// What `finish` knew of what it brought, when it was about to remove the run.
    enum Completeness: String, Codable, Sendable {
        /// Every byte that the final manifest names.
        case verified
        /// By `--force`: what there was.
        case asFound
        /// It was lost since, and is being downloaded again.
        case unverified
    }

    var version = RunRecord.currentVersion
    var run: RunName
    var stage = Stage.starting
    var createdAt: Date
    /// Of the launcher that started it.
    var engineVersion = EngineVersion.current
    var codePath: String
    var module: String
    var dataset: String
    /// The store URL below which `output/`, `logs/` and `run/` appear.
    var output: String
    var credentialsPath: String?
    var transferTool: String?
    var syncIntervalSeconds: Double = 60
    var transferTimeoutSeconds: Double = 120
    /// The local cloud's agent.
    var agent: ProcessIdentity?
    /// The rented machine, once it is made.
    var machine: MadeMachine?
    /// Where a rented machine may be made: in any of these something can be left.
    var zones: [String]?
    /// The cloud had things of the run's name already when it was started.
    var isNameTaken: Bool?
    /// The run's place in the bucket that holds Terraform's state, where `--state_bucket` said one.
    var stateBucket: String?
    /// Another computer started the run; this one knows it through that bucket.
    var isAttached: Bool?
    /// What the bucket says of the computer that is starting it.
    var startLease: StartLease?
    /// Where `finish` downloads to, so that a killed one goes on in the same place.
    var collection: String?
    /// Of what is there, once this computer has `collected` it; nil where another one did.
    var completeness: Completeness?

    init(
        run: RunName, createdAt: Date, codePath: String, module: String, dataset: String,
        output: String
    ) {
        self.run = run
        self.createdAt = createdAt
        self.codePath = codePath
        self.module = module
        self.dataset = dataset
        self.output = output
    }

    /// The run's bucket.
    ///
    /// - Throws: `Failure` where no store fits.
    func client(runner: any CommandRunner) throws -> StoreClient {
        try StoreClient(
            url: StoreURL(parsing: output),
            access: StoreAccess(credentialsPath: credentialsPath, tool: transferTool),
            runner: runner, stallTimeout: .seconds(transferTimeoutSeconds))
    }
}
