import Shared

/// What one rented cloud has of its own; `TerraformCloud` does the rest, the same for all.
protocol RentedCloud: Sendable {
    /// As in `--cloud`; also the name of its Terraform file.
    var name: String { get }
    var defaultProjectName: String? { get }
    var defaultZone: String { get }
    /// Whether a key is needed since the login of the cloud's own tool does not do.
    var needsCredentials: Bool { get }
    /// The scheme of its store.
    var scheme: String { get }
    /// The machine's address in Terraform.
    var machineResource: String { get }
    /// What turns the machine off from inside; nil where systemd's own power-off ends the bill.
    var powerOff: [String]? { get }

    func machineType(for request: MachineRequest) -> String
    func region(of zone: String) -> String
    /// - Throws: `Failure` with exit code 2 where the text names no bucket of this cloud.
    func dataset(_ text: String) throws -> StoreURL
    /// The store of a run's own for `part`: `code` or `output`.
    func store(_ part: String, _ stem: StoreStem) -> StoreURL
    /// The stem of a run's stores, of which one is for the output.
    func stem(ofOutput output: StoreURL) throws -> StoreStem
    /// What can be wrong on this cloud alone.
    func check(_ plan: Plan) throws
    /// - Throws: `Failure` where the file that `--credentials_path` names is no key of this cloud.
    func checkKey(_ path: String, project: String) throws
    /// The variables of `variables.tf` that only this cloud knows.
    func variables(of plan: Plan, _ stem: StoreStem) -> [String: JSONValue]

    /// Terraform's backend for a state in a bucket of this cloud.
    func backend(_ place: BackendPlace) -> (kind: String, settings: [String: JSONValue])
    /// What the backend needs besides its settings.
    func backendEnvironment(credentialsPath: String?, project: String) throws -> [String: String?]
    /// Asks `tool` for a bucket's region, where the backend must be told; else nil.
    func regionQuery(ofBucket bucket: String) -> [String]?

    /// Its own command line tool: asked for what Terraform cannot tell.
    var tool: String { get }
    /// The variables of the environment that would go before the user's key.
    var loginVariables: [String] { get }
    /// Makes the tool use the user's key.
    func environment(credentialsPath: String?) -> [String: String?]
    /// Prints the machine's state in one word, or that there is none.
    func stateQuery(of machine: MadeMachine) -> [String]
    func stateWords(of machine: MadeMachine) -> (running: [String], gone: [String])
    /// Ends the machine, keeps its disk.
    func ending(of machine: MadeMachine) -> [String]
    /// The place with the account filled in that Terraform works in.
    ///
    /// - Throws: `Failure` where that is not known: the tool would answer for its own default.
    func resolved(_ place: CloudPlace, credentialsPath: String?) throws -> CloudPlace
    /// Prints the regions of the account as a JSON list, where each must be asked by itself.
    func regionsQuery(in place: CloudPlace) -> [String]?
    /// What carries the engine's labels; `place` is where to look.
    func livingQueries(in place: CloudPlace) -> [LivingQuery]
    /// How a person removes it by hand.
    func removal(of thing: Living, in place: CloudPlace) -> String
    /// What `train doctor` asks the tool.
    func checks(in place: CloudPlace, credentialsPath: String?) -> [ToolCheck]
    /// Whether who asks has the rights that a start needs.
    func permissions(in place: CloudPlace, asking tool: CloudTool) async -> Verdict
}

extension RentedCloud {
    func checkKey(_ path: String, project: String) throws {}
    func backendEnvironment(
        credentialsPath: String?, project: String
    ) throws -> [String: String?] { [:] }
    func regionQuery(ofBucket bucket: String) -> [String]? { nil }
    func resolved(_ place: CloudPlace, credentialsPath: String?) throws -> CloudPlace { place }
    func regionsQuery(in place: CloudPlace) -> [String]? { nil }

    /// Two buckets; Azure has two containers of one account.
    func store(_ part: String, _ stem: StoreStem) -> StoreURL {
        StoreURL(scheme: scheme, bucket: "\(stem.text)-\(part)", path: "")
    }

    func stem(ofOutput output: StoreURL) throws -> StoreStem {
        try StoreStem(checking: String(output.bucket.prefix { $0 != "-" }))
    }
}

/// Where a cloud's tool looks: the account and the region.
struct CloudPlace: Sendable, Equatable {
    var project: String?
    var region: String
}
