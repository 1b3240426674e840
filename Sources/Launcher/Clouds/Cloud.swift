import Shared

/// A place where machines run. Adding one touches no command: they see only this.
///
/// Every member may be called again after it was killed half-way.
protocol Cloud: Sendable {
    /// As in `--cloud`.
    var name: String { get }
    /// What `--project_name` is where nothing is said; nil makes it required.
    var defaultProjectName: String? { get }
    var needsCredentials: Bool { get }
    /// What the agent must be built for.
    var agentTarget: AgentTarget { get }

    /// What `--dataset_bucket` means here.
    func dataset(_ text: String) throws -> DatasetPlace
    /// Where the output goes; `bucket` is the user's `--output_bucket`.
    func output(of run: RunName, in folder: RunFolder, bucket: String?) throws -> StoreURL
    /// Looks at everything of the cloud's own that could go wrong; creates nothing.
    ///
    /// - Returns: the plan, with what the user left to the cloud filled in.
    func preflight(_ plan: Plan) async throws -> Plan
    /// Says what `provision` would make; creates nothing outside `folder`, which the caller removes.
    func rehearse(_ plan: Plan, in folder: RunFolder, steps: Steps) async throws -> Rehearsal
    /// Makes the machine and starts the agent on it. What it made is written into the record at
    /// once, so that `destroy` finds it after any interruption.
    func provision(_ plan: Plan, record: RunRecord, in folder: RunFolder, steps: Steps) async throws
    /// Makes the folder of a run that another computer started with `--state_bucket`; none where
    /// that bucket knows no such run.
    func attach(
        _ run: RunName, stateBucket: String, access: StoreAccess, to folder: RunFolder
    ) async throws
    /// The record with another key of the user's, kept for every later call too.
    ///
    /// - Throws: `Failure` where the file is no key of this cloud.
    func rekeyed(
        _ record: RunRecord, credentialsPath: String, in folder: RunFolder
    ) async throws -> RunRecord
    /// The record with what other computers did to the run since; nil where one has finished it.
    func refreshed(_ record: RunRecord, in folder: RunFolder) async throws -> RunRecord?
    /// The record with what became of a start whose launcher was killed; any other as it is.
    ///
    /// - Throws: `Failure` where that cannot be told, or another computer is starting the run:
    ///   nothing of it may be removed then.
    func recovered(_ record: RunRecord, in folder: RunFolder) async throws -> RunRecord
    func machineState(of record: RunRecord, in folder: RunFolder) async throws -> MachineState
    /// What the agent says of itself; nil before its first word.
    func status(of record: RunRecord, in folder: RunFolder) async throws -> RunStatus?
    /// Asks the agent to end the training, sync and stop; returns at once.
    func stop(_ record: RunRecord, in folder: RunFolder) async throws
    /// Ends the machine's life now; its disk is kept.
    func kill(_ record: RunRecord, in folder: RunFolder) async throws
    /// Directories on the machine that may hold what never reached the bucket, where this cloud can
    /// still read them: by their names in the bucket.
    func remains(of record: RunRecord, in folder: RunFolder) -> [String: String]
    /// Opens a shell on the machine, or runs `words` there; its exit status.
    func shell(_ words: [String], on record: RunRecord, in folder: RunFolder) async throws -> Int32
    /// Removes everything of the run but its folder; what is gone already is no error.
    ///
    /// - Parameter force: also what another computer may be making right now.
    func destroy(
        _ record: RunRecord, in folder: RunFolder, force: Bool, steps: Steps
    ) async throws
    /// Looks at what a run here would need, and for what may still cost money.
    ///
    /// - Parameter runs: those that are known here.
    func examine(_ address: RunAddress, runs: [RunRecord]) async -> Examination
}

/// Whether a run's machine is there.
enum MachineState: Sendable, Equatable {
    case running
    case gone
    /// It cannot be told now, with the reason.
    case unknown(String)
}
