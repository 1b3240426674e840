import Shared

/// `run.json`: what the launcher knows of a run that it started.
///
/// The facts are read and written as if they were its own members, and stand beside its own keys in
/// the file.
@dynamicMemberLookup
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
    var facts: RunFacts
    var codePath: String
    /// The store URL below which `output/`, `logs/` and `run/` appear.
    var output: String
    /// The name of the run's own stores; nil if it has none, or an older version started it.
    var storeName: StoreName?
    var credentialsPath: String?
    /// The local cloud's agent.
    var agent: ProcessIdentity?
    /// The cloud had resources of the run's name already when it was started.
    var isNameTaken: Bool?
    /// The run's place in the bucket that holds Terraform's state, from `--state_bucket`.
    var stateBucket: String?
    /// Another computer started the run; this one knows it through that bucket.
    var isAttached: Bool?
    /// Where `finish` downloads to, so that a killed one goes on in the same place.
    var collection: String?
    /// Of what is there, once this computer has `collected` it; nil if another one did.
    var completeness: Completeness?

    init(facts: RunFacts, codePath: String, output: String) {
        self.facts = facts
        self.codePath = codePath
        self.output = output
    }

    init(
        run: RunName, createdAt: Date, codePath: String, module: String?, dataset: String,
        output: String
    ) {
        self.init(
            facts: RunFacts(run: run, createdAt: createdAt, module: module, dataset: dataset),
            codePath: codePath, output: output)
    }

    /// The name of the run's own stores, also for a run that an older version started.
    ///
    /// - Throws: `Failure` if it has none.
    func stores() throws -> StoreName {
        try storeName ?? StoreName(ofOutput: StoreURL(parsing: output))
    }

    subscript<Value>(dynamicMember path: WritableKeyPath<RunFacts, Value>) -> Value {
        get { facts[keyPath: path] }
        set { facts[keyPath: path] = newValue }
    }

    var objection: String? { facts.objection }

    /// The run's bucket.
    ///
    /// - Throws: `Failure` where no store fits.
    func client(runner: any CommandRunner) throws -> StoreClient {
        try StoreClient(
            url: StoreURL(parsing: output),
            access: StoreAccess(credentialsPath: credentialsPath, tool: facts.transferTool),
            runner: runner, stallTimeout: .seconds(facts.transferTimeoutSeconds))
    }

    // MARK: Codable

    private enum CodingKeys: String, CodingKey {
        case version, codePath, output, credentialsPath, agent, isNameTaken, stateBucket
        case isAttached, collection, completeness, storeName
    }

    init(from decoder: any Decoder) throws {
        facts = try RunFacts(from: decoder)
        let own = try decoder.container(keyedBy: CodingKeys.self)
        version = try own.decode(Int.self, forKey: .version)
        codePath = try own.decode(String.self, forKey: .codePath)
        output = try own.decode(String.self, forKey: .output)
        storeName = try own.decodeIfPresent(StoreName.self, forKey: .storeName)
        credentialsPath = try own.decodeIfPresent(String.self, forKey: .credentialsPath)
        agent = try own.decodeIfPresent(ProcessIdentity.self, forKey: .agent)
        isNameTaken = try own.decodeIfPresent(Bool.self, forKey: .isNameTaken)
        stateBucket = try own.decodeIfPresent(String.self, forKey: .stateBucket)
        isAttached = try own.decodeIfPresent(Bool.self, forKey: .isAttached)
        collection = try own.decodeIfPresent(String.self, forKey: .collection)
        completeness = try own.decodeIfPresent(Completeness.self, forKey: .completeness)
    }

    func encode(to encoder: any Encoder) throws {
        try facts.encode(to: encoder)
        var own = encoder.container(keyedBy: CodingKeys.self)
        try own.encode(version, forKey: .version)
        try own.encode(codePath, forKey: .codePath)
        try own.encode(output, forKey: .output)
        try own.encodeIfPresent(storeName, forKey: .storeName)
        try own.encodeIfPresent(credentialsPath, forKey: .credentialsPath)
        try own.encodeIfPresent(agent, forKey: .agent)
        try own.encodeIfPresent(isNameTaken, forKey: .isNameTaken)
        try own.encodeIfPresent(stateBucket, forKey: .stateBucket)
        try own.encodeIfPresent(isAttached, forKey: .isAttached)
        try own.encodeIfPresent(collection, forKey: .collection)
        try own.encodeIfPresent(completeness, forKey: .completeness)
    }
}
