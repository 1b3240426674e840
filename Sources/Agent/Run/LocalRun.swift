import Shared

/// A run whose agent, or whose trainer without one, runs on this machine.
struct LocalRun: Sendable {
    var work: WorkDirectory
    var name: RunName
    /// The store that its journal names.
    var store: String?
    var logs: String?
    /// The agent; where it is gone, the keeper of its trainer.
    var process: ProcessIdentity
    var isAgent: Bool

    /// - Returns: nil where nothing runs in that directory; a journal that does not read names no run.
    init?(_ work: WorkDirectory) {
        guard let journal = try? Journal.load(from: work) else { return nil }
        let agent = WorkLock.holder(of: work).flatMap { ProcessIdentity(of: $0) }
        let keeper = KeeperRecord.read(work.trainer)?.keeper
        guard let process = agent ?? keeper.flatMap({ $0.isAlive ? $0 : nil }) else { return nil }
        self.work = work
        name = journal.run
        store = journal.store
        logs = journal.logs
        self.process = process
        isAgent = agent != nil
    }

    /// The one run that `places` hold, of that store where one is given.
    ///
    /// - Throws: `Failure` where there is none; with exit code 2 where there are several.
    static func only(of places: [WorkDirectory], store: String?) throws -> LocalRun {
        let running = places.compactMap { LocalRun($0) }
        let fitting = running.filter { store == nil || $0.store == store }
        guard let run = fitting.first else {
            let others = running.compactMap(\.store)
            throw Failure(
                store.map { "no run on this machine has the store \($0)" }
                    ?? "nothing runs in \(quoted(places.first?.path ?? "")) or elsewhere",
                hint: others.isEmpty
                    ? "see what has run here: train-agent status"
                    : "what runs has the store: \(others.joined(separator: ", "))")
        }
        guard fitting.count == 1 else {
            throw Failure.usage(
                "several runs are alive: \(fitting.map { "\($0.name)" }.joined(separator: ", "))",
                hint: "give one of: "
                    + fitting.map { "--work_directory \($0.work.path)" }.joined(separator: ", "))
        }
        return run
    }
}
