import Shared

/// Starts a watched run again each time its machine is taken away, for `train watch --keep_alive`.
///
/// A training that fails by itself is not its business: `--max_restarts` is for that.
struct KeepAlive: Sendable {
    let context: Context
    /// Tells what goes on.
    let say: @Sendable (String) -> Void
    /// The furthest step and checkpoint so far.
    private var furthest: Int64 = -1
    /// Machines in a row on which the training came no further.
    private(set) var idle = 0

    /// In a row: then another machine helps no more.
    static let mostIdle = 5
    /// Tries in a row that fail otherwise than for want of a machine.
    private static let mostFailures = 8
    /// Between two of those, in seconds: doubled each time.
    private static let waits: ClosedRange<Double> = 15...300
    /// How long a machine is looked for; the run's own longest time ends it before.
    private static let patience = TimeSpan(seconds: MachineRequest.longestPatience.upperBound)

    init(context: Context, say: @escaping @Sendable (String) -> Void) {
        self.context = context
        self.say = say
    }

    /// - Returns: whether the run goes on; false where it has ended by itself, or is kept from it.
    /// - Throws: `Failure` where it could not be started again often enough.
    mutating func resume(_ address: RunAddress) async throws -> Bool {
        var wait = Self.waits.lowerBound
        for count in 1... {
            do {
                let run = try await RunStore(context: context).open(address)
                let view = try await run.look()
                if view.state == .running { return true }
                guard Self.lostItsMachine(view) else { return false }
                guard idle < Self.mostIdle else {
                    say("\(run.name) lost \(idle) machines in a row and came no further on any")
                    return false
                }
                say("\(run.name) has lost its machine: starting it again")
                let line = context.progress()
                defer { line.clear() }
                let point = try await RunResumption(
                    context: context, steps: Steps(line, clock: context.clock),
                    patience: Self.patience
                ).resume(run)
                note(point)
                say("\(run.name) \(point.words)")
                return true
            } catch let failure as Failure {
                guard failure.reason != .notResumable else {
                    say(failure.summary)
                    return false
                }
                guard count < Self.mostFailures else { throw failure }
                say("not started again: \(failure.summary); again in \(TimeSpan(seconds: wait))")
                try await context.clock.sleep(for: .seconds(wait))
                wait = min(wait * 2, Self.waits.upperBound)
            }
        }
        return false
    }

    /// Whether the machine is the reason that a run has ended, and not the training.
    static func lostItsMachine(_ view: RunView) -> Bool {
        switch view.state {
        case .ended: view.status?.outcome?.kind == .preempted
        case .dead: true
        case .starting, .running, .collected, .finishedElsewhere: false
        }
    }

    /// Counts the machines on which nothing moved; nothing that counts a training says that it did.
    mutating func note(_ point: ResumePoint) {
        let step = max(point.lastStep ?? 0, point.checkpointStep ?? 0)
        idle = step > furthest ? 0 : idle + 1
        furthest = max(furthest, step)
    }
}
