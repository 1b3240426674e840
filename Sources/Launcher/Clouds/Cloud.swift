import Shared

/// A place where machines run. Commands see only this, so adding a cloud changes no command.
///
/// Every member may be called again after it was killed half-way. What a cloud need not have stands
/// in the protocols that this one refines; each of their members has a default.
protocol Cloud: RunChecks, RunRecords, MachineAccess {
    var identity: CloudIdentity { get }
    /// Reads `--dataset_bucket`.
    func dataset(_ text: String) throws -> DatasetPlace
    /// Where the output goes; `bucket` is the user's `--output_bucket`.
    func output(of run: RunName, in folder: RunFolder, bucket: String?) throws -> OutputPlace
    /// Describes what `provision` would create; creates nothing outside `folder`, which the caller
    /// removes.
    func dryRun(_ plan: Plan, in folder: RunFolder, steps: Steps) async throws -> DryRun
    /// Creates the machine and starts the agent on it. What is created is written into the record at
    /// once, so that `destroy` finds it after any interruption.
    func provision(_ plan: Plan, of run: RunHandle, steps: Steps) async throws
    /// Trains the same job again, on this or another machine. The run's status does not say any more
    /// that it has ended.
    ///
    /// - Throws: `Failure` where there is no machine: none is left then.
    func resume(_ run: RunHandle, _ order: ResumeOrder, steps: Steps) async throws
    /// Whether the run's machine is there.
    ///
    /// - Parameter status: what the agent said just before; nil if it has not said anything.
    func machineState(of run: RunHandle, status: RunStatus?) async throws -> MachineState
    /// The agent's status; nil before it has written one.
    func status(of run: RunHandle) async throws -> RunStatus?
    /// Stops the machine now; its disk is kept.
    func kill(_ run: RunHandle) async throws
    /// Removes all of the run except its folder; what is gone already is no error.
    ///
    /// - Parameter force: also what another computer may be creating right now.
    func destroy(_ run: RunHandle, force: Bool, steps: Steps) async throws
}

/// What tells one cloud from another before anything runs there.
struct CloudIdentity: Sendable {
    /// As in `--cloud`.
    var name: String
    /// The value of `--project_name` if none is given; nil makes the flag required.
    var defaultProjectName: String?
    var needsCredentials = false
    /// Runs train on this computer.
    var isThisComputer = false
    /// The platform that the agent must be built for.
    var agentTarget: AgentTarget
}

extension Cloud {
    var name: String { identity.name }
    var defaultProjectName: String? { identity.defaultProjectName }
    var needsCredentials: Bool { identity.needsCredentials }
    var isThisComputer: Bool { identity.isThisComputer }
    var agentTarget: AgentTarget { identity.agentTarget }
}

/// A run's place for output.
struct OutputPlace: Sendable, Equatable {
    /// Below it `output/`, `logs/` and `run/` appear.
    var output: StoreURL
    /// The name of the run's own stores; nil if it has none, as on this computer.
    var name: StoreName?
}

/// Whether a run's machine is there.
enum MachineState: Sendable, Equatable {
    case running
    case gone
    /// The state cannot be determined now, with the reason.
    case unknown(String)
}
