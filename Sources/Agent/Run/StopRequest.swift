import Shared
import Synchronization

/// The one place where a run learns that it must end: from a signal, a deadline, the machine.
///
/// The first request counts as the reason. A second signal means "now": no more grace. Whether a
/// signal came since the machine is going down takes a question to systemd; the trainer is told
/// before it is answered, and until then the time is as short as on a machine that goes down.
final class StopRequest: Sendable {
    private struct State {
        var reason: StopReason?
        /// The reason may still turn out to be another.
        var isOpen = false
        var count = 0
        /// When the first request or notice came.
        var notice: Duration?
        /// What the cloud's own notice leaves.
        var takenAway: (budget: ShutdownBudget, notice: PreemptionNotice)?
        var waiters: [UUID: CheckedContinuation<Void, Never>] = [:]

        /// Where the cloud gave notice and its power button came too, the earlier end counts.
        func budget(byPowerButton allowed: Duration) -> ShutdownBudget? {
            let told = takenAway?.budget
            guard let notice, count > 0, isOpen || (reason == .preempted && told == nil) else {
                return told
            }
            let pressed = ShutdownBudget(notice: notice, total: allowed)
            return told.map { $0.deadline < pressed.deadline ? $0 : pressed } ?? pressed
        }
    }

    private let state = Mutex(State())
    private let watch: Stopwatch
    private let allowed: Duration

    /// - Parameter allowed: from the notice to the end of a machine that is taken away.
    init(
        clock: any Clock<Duration> = ContinuousClock(),
        allowed: Duration = ShutdownBudget.byPowerButton
    ) {
        watch = Stopwatch(clock)
        self.allowed = allowed
    }

    var reason: StopReason? { state.withLock { $0.reason } }
    /// The grace period is given up.
    var isUrgent: Bool { count > 1 }
    /// How many requests there were.
    var count: Int { state.withLock { $0.count } }
    /// The reason is final, where there is one.
    var isDecided: Bool { state.withLock { !$0.isOpen } }

    /// Of a machine that goes down, or may do so; nil where time is not what limits the end.
    var budget: ShutdownBudget? { state.withLock { $0.budget(byPowerButton: allowed) } }

    /// What the cloud said of the end of this machine, where it did.
    var preemptionNotice: PreemptionNotice? { state.withLock { $0.takenAway?.notice } }

    /// Until the final sync must be done; nil without a limit, never below zero.
    var timeLeft: Duration? { budget.map { max(.zero, $0.deadline - watch.elapsed) } }

    /// Until a trainer that was asked to stop is killed; zero or less when it is time.
    func graceLeft(_ grace: Duration) -> Duration {
        let end = state.withLock { $0.notice ?? .zero } + grace
        return min(end, budget?.endOfGrace(grace) ?? end) - watch.elapsed
    }

    /// - Parameter isOpen: `decide` will tell whether this is the reason.
    func request(_ reason: StopReason, isOpen: Bool = false) {
        let time = watch.elapsed
        wake { state in
            state.count += 1
            guard state.reason == nil else { return }
            state.reason = reason
            state.isOpen = isOpen
            state.notice = time
        }
    }

    /// The cloud says that it takes the machine away.
    ///
    /// It is no request of a person, so the power button that may follow does not end the grace. A
    /// stop that was requested before stays the reason, with less time.
    ///
    /// - Returns: whether this is the first notice.
    @discardableResult
    func takenAway(_ notice: PreemptionNotice) -> Bool {
        let time = watch.elapsed
        var isFirst = false
        wake { state in
            guard state.takenAway == nil else { return }
            isFirst = true
            state.takenAway = (ShutdownBudget(notice: time, total: notice.allowed), notice)
            if state.reason == nil || state.isOpen { state.reason = .preempted }
            state.isOpen = false
            state.notice = state.notice ?? time
        }
        return isFirst
    }

    /// The machine that the cloud takes away goes down already.
    func goesDown() {
        let time = watch.elapsed
        wake { [allowed] state in
            guard let told = state.takenAway?.budget else { return }
            let pressed = ShutdownBudget(notice: time, total: allowed)
            if pressed.deadline < told.deadline { state.takenAway?.budget = pressed }
        }
    }

    /// Tells what an open request was for; the first answer counts.
    func decide(_ reason: StopReason) {
        wake { state in
            guard state.isOpen else { return }
            state.reason = reason
            state.isOpen = false
        }
    }

    /// Returns when a stop is requested, or the task is cancelled.
    func requested() async { await wait { $0.reason != nil } }

    /// Returns when the grace is given up, or the task is cancelled.
    func urgent() async { await wait { $0.count > 1 } }

    /// Returns when the reason is final, or the task is cancelled.
    func decided() async { await wait { !$0.isOpen } }

    /// Returns when it is known that the machine goes down, or the task is cancelled.
    func losesMachine() async {
        await wait { $0.takenAway != nil || ($0.reason == .preempted && !$0.isOpen) }
    }

    /// Returns when less time is left for certain than until `deadline`, or the task is cancelled.
    func timeShrinks(before deadline: Duration?) async {
        let allowed = allowed
        await wait { state in
            guard !state.isOpen, let new = state.budget(byPowerButton: allowed)?.deadline else {
                return false
            }
            return deadline.map { new < $0 } ?? true
        }
    }

    /// Returns when somebody or systemd has asked for a stop, or the task is cancelled.
    func asked() async { await wait { $0.count > 0 } }

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
