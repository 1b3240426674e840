import Shared
import Synchronization

/// The one place where a run learns that it must end: from a signal, a deadline, the machine.
///
/// The first request counts as the reason. A second signal means "now": no more grace.
final class StopRequest: Sendable {
    private struct State {
        var reason: StopReason?
        var isUrgent = false
        var waiters: [UUID: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    var reason: StopReason? { state.withLock { $0.reason } }
    /// The grace period is given up.
    var isUrgent: Bool { state.withLock { $0.isUrgent } }

    func request(_ reason: StopReason) {
        wake { state in
            if state.reason == nil { state.reason = reason } else { state.isUrgent = true }
        }
    }

    /// Returns when a stop is requested, or the task is cancelled.
    func requested() async { await wait { $0.reason != nil } }

    /// Returns when the grace is given up, or the task is cancelled.
    func urgent() async { await wait { $0.isUrgent } }

    private func wait(until condition: @escaping @Sendable (borrowing State) -> Bool) async {
        while !Task.isCancelled, !state.withLock({ condition($0) }) {
            let key = UUID()
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let ready = state.withLock { state in
                        if condition(state) || Task.isCancelled { return true }
                        state.waiters[key] = continuation
                        return false
                    }
                    if ready { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.waiters.removeValue(forKey: key) }?.resume()
            }
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        waiters.forEach { $0.resume() }
    }
}
