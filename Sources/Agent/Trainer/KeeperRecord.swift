import Shared

/// What the keeper of a trainer writes to disk: all that a restarted agent must know of that
/// trainer.
struct KeeperRecord: Codable, Sendable, Equatable {
    /// The keeper itself.
    var keeper: ProcessIdentity
    /// Which start of the trainer this is, counted over machines from 1.
    var attempt: Int
    /// The trainer's main process; nil until it is started.
    var trainer: ProcessIdentity?
    /// How the main process ended.
    var exitStatus: Int32?
    var signal: Int32?
    var endedAt: Date?
    /// Names of the processes that outlived the main one.
    var leftovers: [String] = []
    /// The keeper ended them, since they did nothing any more.
    var hasEndedLeftovers = false
    /// No process of the tree is left.
    var isOver = false
    /// Why the trainer could not be started.
    var failure: String?
    var hint: String?

    init(keeper: ProcessIdentity, attempt: Int) {
        self.keeper = keeper
        self.attempt = attempt
    }

    /// How the main process ended, once it has.
    var termination: Termination? {
        get { signal.map(Termination.signalled) ?? exitStatus.map(Termination.exited) }
        set {
            (exitStatus, signal) =
                switch newValue {
                case .exited(let status): (status, nil)
                case .signalled(let number): (nil, number)
                case nil: (nil, nil)
                }
        }
    }

    /// - Returns: nil if the file is missing or does not decode: there is then no trainer to adopt.
    static func read(_ path: String) -> KeeperRecord? {
        guard let data = try? readFile(path, limit: 1 << 20) else { return nil }
        return try? JSONFormat.decoder().decode(KeeperRecord.self, from: data)
    }

    func write(to path: String) throws {
        try AtomicFile.write(JSONFormat.encode(self), to: path, mode: 0o600)
    }
}
