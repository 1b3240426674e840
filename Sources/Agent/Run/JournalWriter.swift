import Dispatch
import Shared
import Synchronization

/// The journal in memory, and its file behind it.
///
/// A change counts at once. The file is written on a queue of its own: an fsync can take more than
/// a minute on a busy disk, and there are only as many task threads as cores.
final class JournalWriter: Sendable {
    private struct State {
        var journal: Journal
        var changes = 0
        var written = 0
    }

    private let state: Mutex<State>
    private let work: WorkDirectory
    private let queue = DispatchQueue(label: "journal")

    init(_ journal: Journal, work: WorkDirectory) {
        state = Mutex(State(journal: journal))
        self.work = work
    }

    var journal: Journal { state.withLock { $0.journal } }

    /// Changes the journal and returns once the change is on the disk.
    ///
    /// - Throws: `Failure` where the disk does not take it.
    func record(_ change: (inout Journal) -> Void) async throws {
        apply(change)
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.write() }) }
        }
    }

    /// Changes the journal and writes it soon.
    ///
    /// - Parameter onFailure: told where the disk does not take it.
    func recordSoon(
        onFailure: @escaping @Sendable (any Error) -> Void, _ change: (inout Journal) -> Void
    ) {
        apply(change)
        queue.async {
            do { try self.write() } catch { onFailure(error) }
        }
    }

    private func apply(_ change: (inout Journal) -> Void) {
        state.withLock { state in
            change(&state.journal)
            state.changes += 1
        }
    }

    /// Writes the newest journal, unless a call before has.
    private func write() throws {
        let (journal, changes, written) = state.withLock { ($0.journal, $0.changes, $0.written) }
        guard changes > written else { return }
        try journal.save(in: work)
        state.withLock { $0.written = changes }
    }
}
