import Shared

/// Looks for what can go wrong before a start, and for what still costs money.
protocol RunChecks: Sendable {
    /// Checks all that could go wrong on the cloud's side; creates nothing.
    ///
    /// - Returns: the plan, with what the user left to the cloud filled in.
    func preflight(_ plan: Plan) async throws -> Plan
    /// Checks what a run here would need, and lists what may still cost money.
    ///
    /// - Parameter runs: those that are known on this computer.
    func diagnose(_ address: RunAddress, runs: [RunRecord]) async -> DoctorReport
    /// The project's resources of all runs, whoever started them.
    ///
    /// - Parameter runs: those that are known on this computer.
    /// - Throws: `Failure` where the cloud cannot be asked.
    func resources(
        _ address: RunAddress, runs: [RunRecord]
    ) async throws -> ResourceSearch.Found
}

extension RunChecks where Self: Cloud {
    func preflight(_ plan: Plan) async throws -> Plan { plan }
    func diagnose(_ address: RunAddress, runs: [RunRecord]) async -> DoctorReport {
        DoctorReport(cloud: name)
    }
    func resources(
        _ address: RunAddress, runs: [RunRecord]
    ) async throws -> ResourceSearch.Found {
        throw Failure.usage(
            "\(name) is no rented cloud", hint: "train list alone shows the runs of this computer")
    }
}

/// Keeps a run's record up to date with other computers and interrupted launchers.
protocol RunRecords: Sendable {
    /// Creates the folder of a run that another computer started with `--state_bucket`; none if that
    /// bucket knows no such run.
    func attach(
        _ run: RunName, stateBucket: String, access: StoreAccess, to folder: RunFolder
    ) async throws
    /// The record with another key of the user's, kept for every later call.
    ///
    /// - Throws: `Failure` if the file is no key of this cloud.
    func rekeyed(_ run: RunHandle, credentialsPath: String) async throws -> RunRecord
    /// The run with what other computers changed since, and whether it is still there. Removes
    /// nothing.
    func refreshed(_ run: RunHandle) async throws -> RunHandle
    /// The record with the result of a start whose launcher was killed; any other as it is.
    ///
    /// - Throws: `Failure` if the result is not known, or another computer is starting the run:
    ///   nothing of it may be removed then.
    func recovered(_ run: RunHandle) async throws -> RunRecord
}

extension RunRecords {
    func attach(
        _ run: RunName, stateBucket: String, access: StoreAccess, to folder: RunFolder
    ) async throws {
        throw Failure.usage(
            "--state_bucket is for rented machines: no other computer can finish a run here")
    }

    func rekeyed(_ run: RunHandle, credentialsPath: String) async throws -> RunRecord {
        var record = run.record
        record.credentialsPath = credentialsPath
        try run.folder.write(record)
        return record
    }

    func refreshed(_ run: RunHandle) async throws -> RunHandle { run }
    func recovered(_ run: RunHandle) async throws -> RunRecord { run.record }
}

/// Reaches what is on the machine itself.
protocol MachineAccess: Sendable {
    /// Directories on the machine that may hold files which never reached the bucket, by their
    /// names in the bucket. Empty if they cannot be read from here.
    func unsyncedDirectories(of run: RunHandle) -> [String: String]
    /// Where everything of the run is on its machine.
    func directories(of run: RunHandle) -> Job.Directories
    /// The way to the run's machine.
    ///
    /// - Throws: `Failure` if there is no machine, or none that can be trusted to be the right one.
    func connection(to run: RunHandle) async throws -> any MachineConnection
    /// The same where the agent's status has just been read, which takes seconds on some clouds.
    ///
    /// - Throws: `Failure` if there is no machine, or `status` does not say how to trust it.
    func connection(
        to run: RunHandle, status: RunStatus
    ) async throws -> any MachineConnection
}

extension MachineAccess {
    func unsyncedDirectories(of run: RunHandle) -> [String: String] { [:] }
    func directories(of run: RunHandle) -> Job.Directories { MachineLayout.directories }
    func connection(
        to run: RunHandle, status: RunStatus
    ) async throws -> any MachineConnection {
        try await connection(to: run)
    }
}
