import Shared

/// `run.json` in a `--state_bucket`: what another computer must know of a run to finish it.
///
/// No key and no path of the computer that started it; the Terraform files are the launcher's own,
/// since who may write into the bucket must not say what runs on a colleague's computer.
struct SharedRun: VersionedDocument, Equatable {
    static let currentVersion = 1

    var version = SharedRun.currentVersion
    var run: RunName
    var stage: RunRecord.Stage
    var createdAt: Date
    var engineVersion: String
    var module: String
    var dataset: String
    var transferTool: String?
    var syncIntervalSeconds: Double
    var transferTimeoutSeconds: Double
    var machine: MadeMachine?
    /// The stem of its stores' names (`StoreStem`).
    var stores: String
    var zones: [String]?
    /// While a launcher is starting the run.
    var startLease: StartLease?
    /// What Terraform was given, `terraform.tfvars.json`, as text: its names are not ours to change.
    var variables: String

    init(_ record: RunRecord, stores: String, variables: String) {
        run = record.run
        stage = record.stage
        createdAt = record.createdAt
        engineVersion = record.engineVersion
        module = record.module
        dataset = record.dataset
        transferTool = record.transferTool
        syncIntervalSeconds = record.syncIntervalSeconds
        transferTimeoutSeconds = record.transferTimeoutSeconds
        machine = record.machine
        self.stores = stores
        zones = record.zones
        self.variables = variables
    }

    /// Both become waits, and so must be numbers that a clock can count to.
    var objection: String? {
        let seconds = [
            ("sync_interval_seconds", syncIntervalSeconds),
            ("transfer_timeout_seconds", transferTimeoutSeconds),
        ]
        for (name, value) in seconds where !(value > 0 && value <= 1e9) {
            return "field '\(name)' is \(value), not a positive number of seconds"
        }
        return nil
    }

    /// The record as this computer keeps it.
    func record(output: StoreURL, stateBucket: StoreURL, credentialsPath: String?) -> RunRecord {
        var record = RunRecord(
            run: run, createdAt: createdAt, codePath: "", module: module, dataset: dataset,
            output: output.description)
        record.engineVersion = engineVersion
        record.transferTool = transferTool
        record.syncIntervalSeconds = syncIntervalSeconds
        record.transferTimeoutSeconds = transferTimeoutSeconds
        record.credentialsPath = credentialsPath
        record.stateBucket = stateBucket.description
        record.isAttached = true
        return updated(record)
    }

    /// A record with what another computer did to the run since; what is known here already stays.
    func updated(_ record: RunRecord) -> RunRecord {
        var record = record
        if record.stage.rank < stage.rank { record.stage = stage }
        // What this computer's own Terraform said of the machine is not the bucket's to change.
        if record.machine == nil { record.machine = machine }
        if machine?.isKilled == true { record.machine?.isKilled = true }
        if record.zones == nil { record.zones = zones }
        // Where the run was started, its folder's lock tells of a launcher at work.
        if record.isAttached == true { record.startLease = startLease }
        return record
    }

    /// Who can write into the bucket must not slip a flag into a command of this computer.
    ///
    /// - Throws: `Failure` where it is another run, or a value is none that a cloud gives.
    func check(is wanted: RunName) throws {
        guard run == wanted else {
            throw Failure("the state bucket holds another run in the place of \(wanted)")
        }
        guard (zones ?? []).allSatisfy({ $0.wholeMatch(of: /[a-z0-9][a-z0-9-]*/) != nil }) else {
            throw Failure("the state bucket's word on the zones of \(wanted) does not read")
        }
        guard let machine else { return }
        let words = [
            machine.instanceName, machine.instanceId, machine.zone, machine.region,
            machine.project, machine.sshUser,
        ]
        let isPlain = words.allSatisfy {
            $0.wholeMatch(of: /[A-Za-z0-9\/][A-Za-z0-9._:\/-]*/) != nil
        }
        guard isPlain, machine.publicIp.wholeMatch(of: /[0-9.]*/) != nil else {
            throw Failure("the state bucket's word on the machine of \(wanted) does not read")
        }
    }
}

extension RunRecord.Stage {
    /// A run goes through its stages in this order alone.
    fileprivate var rank: Int {
        switch self {
        case .starting: 0
        case .started: 1
        case .collected: 2
        }
    }
}
