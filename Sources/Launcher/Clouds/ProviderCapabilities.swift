import Shared

/// Keeps Terraform's state in a bucket of the cloud, for `--state_bucket`.
protocol StateBackendProvider: Sendable {
    /// Terraform's backend and its settings.
    func backend(_ place: BackendPlace) -> (kind: String, settings: [String: JSONValue])
    /// The object that holds the state, below the run's place in the bucket.
    var stateObject: String { get }
    /// The environment that the backend needs besides its settings, which are kept in the clear.
    func backendEnvironment(credentialsPath: String?, project: String) throws -> [String: String?]
    /// Asks the cloud's tool for a bucket's region; nil if the backend needs none.
    func regionQuery(ofBucket bucket: String) -> [String]?
    /// The region of a bucket for which the tool answers with no region.
    var unnamedRegion: String { get }
}

extension StateBackendProvider {
    var stateObject: String { "terraform.tfstate" }
    func backendEnvironment(
        credentialsPath: String?, project: String
    ) throws -> [String: String?] { [:] }
    func regionQuery(ofBucket bucket: String) -> [String]? { nil }
    var unnamedRegion: String { "" }
}

/// The cloud's own command line tool, which answers what Terraform cannot.
protocol CloudCommandLine: Sendable {
    /// The tool's executable.
    var tool: String { get }
    /// The environment variables that tool and Terraform prefer to a key file.
    var loginVariables: [String] { get }
    /// The command that gives Terraform a login, for hints.
    var loginCommand: String { get }
    /// Makes the tool use the user's key.
    func environment(credentialsPath: String?) -> [String: String?]
    /// Prints the machine's state in one word, or that there is no such machine.
    func stateQuery(of machine: Machine) -> [String]
    func stateWords(of machine: Machine) -> (running: [String], gone: [String])
    /// Stops the machine and keeps its disk.
    func stopArguments(of machine: Machine) -> [String]
    /// The place with the account that Terraform works in.
    ///
    /// - Throws: `Failure` if that is not known: the tool would answer for its own default.
    func resolved(_ place: CloudPlace, credentialsPath: String?) throws -> CloudPlace
}

extension CloudCommandLine {
    func resolved(_ place: CloudPlace, credentialsPath: String?) throws -> CloudPlace { place }
}

/// Lists what carries the engine's labels, whether or not Terraform knows of it.
protocol ResourceListing: Sendable {
    /// Prints the account's regions as a JSON list; nil if one question answers for all regions.
    func regionsQuery(in place: CloudPlace) -> [String]?
    func resourceQueries(in place: CloudPlace) -> [ResourceQuery]
    /// The command by which a person removes a resource.
    func removal(of resource: LabelledResource, in place: CloudPlace) -> String
}

extension ResourceListing {
    func regionsQuery(in place: CloudPlace) -> [String]? { nil }
}

/// What `train doctor` asks the cloud about login, quota and permissions.
protocol DoctorChecks: Sendable {
    func checks(in place: CloudPlace, credentialsPath: String?) -> [DoctorCheck]
    /// Whether the caller has the permissions that a start needs.
    func permissions(in place: CloudPlace, asking tool: CloudTool) async -> CheckResult
    /// What an administrator runs once; nothing is asked or made.
    func setup(project: String?) -> SetupText
}
