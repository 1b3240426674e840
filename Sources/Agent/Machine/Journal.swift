import Shared

/// What a restarted agent must know: how far its predecessor came.
///
/// Written by fsync, rename and fsync of the directory: after a power cut it is the old one or the
/// new one.
struct Journal: VersionedDocument, Equatable {
    static let currentVersion = 1

    var version = Journal.currentVersion
    var run: RunName
    var attempt = 1
    var restarts = 0
    var startedAt: Date
    /// What earlier machines left in the bucket has been taken over; see `RunHistory`.
    var knowsHistory = false
    var trainer: ProcessIdentity?
    var outcome: Outcome?
    /// The last sync was verified against the bucket.
    var verified = false

    init(run: RunName, startedAt: Date) {
        self.run = run
        self.startedAt = startedAt
    }

    /// Nothing is left to train; at most the last sync and the power-off are.
    var isOver: Bool {
        guard let outcome else { return false }
        return outcome.kind != .preempted
    }

    static func path(in work: String) -> String { work + "/journal.json" }

    /// The journal in `work`; nil where there is none.
    ///
    /// - Throws: `Failure` where there is one that cannot be read: to go on as if there were none
    ///   could train twice into the same output.
    static func load(from work: String) throws -> Journal? {
        let path = path(in: work)
        guard exists(path) else { return nil }
        return try JSONFormat.decode(Journal.self, from: readFile(path), name: path)
    }

    func save(in work: String) throws {
        try AtomicFile.write(JSONFormat.encode(self), to: Self.path(in: work), mode: 0o600)
    }
}
