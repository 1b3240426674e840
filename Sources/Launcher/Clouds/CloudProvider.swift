import Shared

/// One rented cloud: what `TerraformCloud`, which does the same for all, must know of it.
///
/// What only some clouds can do stands in `ResourceListing` and `DoctorChecks`, which a provider
/// may leave out: `train` then says what was not looked at.
protocol CloudProvider: StateBackendProvider, CloudCommandLine {
    /// As in `--cloud`.
    var name: String { get }
    /// The value of `--project_name` if none is given; nil makes the flag required.
    var defaultProjectName: String? { get }
    /// Whether a key file is required because the login of the cloud's own tool is not enough.
    var needsCredentials: Bool { get }
    /// The scheme of its store, as in `StoreRegistry`.
    var scheme: String { get }
    /// Its own Terraform files; `TerraformFiles.shared` are the same for all clouds.
    var terraformFiles: [TerraformFile] { get }
    /// The one provider that Terraform may run for this cloud.
    var lockedProvider: LockedProvider { get }
    /// The Terraform resource that lets the user who starts the run write to its buckets.
    var storeResources: [String] { get }
    /// The machine's address in Terraform.
    var machineResource: String { get }
    /// The command that turns the machine off from inside; nil if systemd's power-off ends the bill.
    var powerOff: [String]? { get }
    /// Whether the cloud's own limit of a machine is fixed when the machine is made.
    var fixesLimit: Bool { get }
    /// Whether the cloud itself starts a spot machine again that it has taken away.
    var startsPreemptedAgain: Bool { get }
    /// How the cloud and its Terraform provider word what they refuse.
    var refusalSigns: [RefusalSign] { get }

    /// Where a machine is asked for where nothing else is known.
    var defaultZone: String { get }
    func region(of zone: String) -> String
    func machineType(for request: MachineRequest) -> String
    /// - Throws: `Failure` with exit code 2 if the text names no bucket of this cloud.
    func dataset(_ text: String) throws -> StoreURL
    /// The run's own store for `part`: `code` or `output`.
    func store(_ part: String, _ name: StoreName) -> StoreURL
    /// - Throws: `Failure` for a plan that this cloud cannot carry out.
    func check(_ plan: Plan) throws
    /// Why this cloud cannot hold the machine's identity to a part of the dataset's bucket; nil where
    /// it can.
    func wideGrantReason(_ plan: Plan, asking tool: CloudTool) async -> String?
    /// - Throws: `Failure` where a program on this computer is too old for the login.
    func checkTools(_ plan: Plan, runner: any CommandRunner) async throws
    /// - Throws: `Failure` if the file that `--credentials_path` names is no key of this cloud.
    func checkKey(_ path: String, project: String) throws
    /// What Terraform is told of a login in this computer's environment that only the cloud's tool
    /// would read.
    func terraformEnvironment(_ environment: [String: String]) -> [String: String?]
    /// The zones that a refusal names as having the machine free.
    func zonesNamed(in message: String) -> [String]
    /// What must be removed before Terraform goes on in another region, or it would lose sight of it;
    /// nil where it follows by itself.
    var regionalResource: String? { get }
    /// The variables of `variables.tf` that only this cloud uses.
    func variables(of plan: Plan, _ name: StoreName) -> [String: JSONValue]
}

extension CloudProvider {
    var powerOff: [String]? { nil }
    var fixesLimit: Bool { true }
    var startsPreemptedAgain: Bool { false }
    func checkKey(_ path: String, project: String) throws {}
    func checkTools(_ plan: Plan, runner: any CommandRunner) async throws {}
    func wideGrantReason(_ plan: Plan, asking tool: CloudTool) async -> String? { nil }
    func terraformEnvironment(_ environment: [String: String]) -> [String: String?] { [:] }
    func zonesNamed(in message: String) -> [String] { [] }
    var regionalResource: String? { nil }

    /// Two buckets; Azure has two containers in one account.
    func store(_ part: String, _ name: StoreName) -> StoreURL {
        StoreURL(scheme: scheme, bucket: "\(name.text)-\(part)", path: "")
    }
}

/// A file of Terraform's, compiled into the launcher.
struct TerraformFile: Sendable {
    var name: String
    var bytes: [UInt8]
}

/// Where a cloud's tool looks: the account and the region.
struct CloudPlace: Sendable, Equatable {
    var project: String?
    var region: String
}
