import Shared

/// `run.json` in a `--state_bucket`: what another computer must know of a run to finish it.
///
/// No key and no path of the computer that started it; the Terraform files are the launcher's own,
/// since write access to the bucket must not decide what runs on a colleague's computer.
@dynamicMemberLookup
struct SharedRun: VersionedDocument, Equatable {
    static let currentVersion = 1

    var version = SharedRun.currentVersion
    var facts: RunFacts
    /// The stem of its stores' names (`StoreName`).
    var stores: String
    /// What Terraform was given, `terraform.tfvars.json`, as text: its names are not ours to change.
    var variables: String

    init(_ record: RunRecord, stores: String, variables: String) {
        facts = record.facts
        facts.startLease = nil
        self.stores = stores
        self.variables = variables
    }

    subscript<Value>(dynamicMember path: WritableKeyPath<RunFacts, Value>) -> Value {
        get { facts[keyPath: path] }
        set { facts[keyPath: path] = newValue }
    }

    var objection: String? { facts.objection }

    private enum CodingKeys: String, CodingKey { case version, stores, variables }

    init(from decoder: any Decoder) throws {
        facts = try RunFacts(from: decoder)
        let own = try decoder.container(keyedBy: CodingKeys.self)
        version = try own.decode(Int.self, forKey: .version)
        stores = try own.decode(String.self, forKey: .stores)
        variables = try own.decode(String.self, forKey: .variables)
    }

    func encode(to encoder: any Encoder) throws {
        try facts.encode(to: encoder)
        var own = encoder.container(keyedBy: CodingKeys.self)
        try own.encode(version, forKey: .version)
        try own.encode(stores, forKey: .stores)
        try own.encode(variables, forKey: .variables)
    }

    /// The record as this computer keeps it.
    func record(output: StoreURL, stateBucket: StoreURL, credentialsPath: String?) -> RunRecord {
        var record = RunRecord(facts: facts, codePath: "", output: output.description)
        record.credentialsPath = credentialsPath
        record.stateBucket = stateBucket.description
        record.isAttached = true
        return record
    }

    /// A record with what another computer did to the run since; what is known here already stays.
    func updated(_ record: RunRecord) -> RunRecord {
        var record = record
        if record.stage.rank < facts.stage.rank { record.stage = facts.stage }
        // What this computer's own Terraform said of the machine is not the bucket's to change.
        if record.machine == nil { record.machine = facts.machine }
        if facts.machine?.isKilled == true { record.machine?.isKilled = true }
        if record.zones == nil { record.zones = facts.zones }
        // Where the run was started, its folder's lock tells of a launcher at work.
        if record.isAttached == true { record.startLease = facts.startLease }
        return record
    }

    /// A writer to the bucket must not be able to add a flag to a command on this computer.
    ///
    /// - Throws: `Failure` if it is another run, or a value is not one that a cloud gives.
    func check(is wanted: RunName) throws {
        guard facts.run == wanted else {
            throw Failure("the state bucket holds another run in the place of \(wanted)")
        }
        guard (facts.zones ?? []).allSatisfy({ $0.wholeMatch(of: /[a-z0-9][a-z0-9-]*/) != nil })
        else {
            throw Failure("the state bucket's word on the zones of \(wanted) does not read")
        }
        try facts.machine?.check(isOf: wanted)
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
