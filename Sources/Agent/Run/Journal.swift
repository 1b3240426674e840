import Shared

/// What a restarted agent must know: how far its predecessor came.
///
/// It is written by fsync, rename and fsync of the directory, so that after a power cut the file is
/// the old journal or the new one.
struct Journal: VersionedDocument, Equatable {
    static let currentVersion = 1

    var version = Journal.currentVersion
    var run: RunName
    /// The two counts of `start`.
    var attempt = 1
    var restarts = 0
    /// How the trainer's failures so far went; nil where it never failed, and in old journals.
    var recovery: RestartRecord?
    var startedAt: Date
    /// What earlier machines left in the bucket has been taken over; see `RunResume`.
    var knowsHistory = false
    var trainer: ProcessIdentity?
    var outcome: Outcome?
    /// The store that the ledger beside this journal is about; nil for none, and in old journals.
    var store: String?
    /// Where the run's output and logs are on this machine; nil in old journals.
    var output: String?
    var logs: String?
    /// The run's longest time, where somebody has moved it; nil: the job's.
    var maxDurationSeconds: Double?
    /// The hour of the machine's timer for the job's longest time, in seconds since 1970; nil before
    /// it was moved, and where there is none.
    var timerHour: Int64?
    /// The longest time, in seconds, of which it was told that most is spent; nil before that.
    var toldDurationSeconds: Double?
    /// The last sync was verified against the bucket.
    var verified = false

    init(run: RunName, startedAt: Date) {
        self.run = run
        self.startedAt = startedAt
    }

    var start: Attempt {
        get { Attempt(machine: attempt, restarts: restarts) }
        set { (attempt, restarts) = (newValue.machine, newValue.restarts) }
    }

    var objection: String? { start.objection ?? recovery?.objection }

    /// Nothing is left to train; at most the last sync and the power-off are.
    var isOver: Bool {
        guard let outcome else { return false }
        return outcome.kind != .preempted
    }

    /// The journal in `work`; nil where there is none.
    ///
    /// - Throws: `Failure` where there is one that cannot be read: to go on as if there were none
    ///   could train twice into the same output.
    static func load(from work: WorkDirectory) throws -> Journal? {
        let path = work.journal
        guard exists(path) else { return nil }
        return try JSONFormat.decode(Journal.self, from: readFile(path), name: path)
    }

    func save(in work: WorkDirectory) throws {
        try AtomicFile.write(JSONFormat.encode(self), to: work.journal, mode: 0o600)
    }
}
