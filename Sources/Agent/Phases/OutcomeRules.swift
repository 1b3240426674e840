import Shared

/// Why a run ends before its trainer does.
enum StopReason: Sendable, Equatable {
    /// `train stop`, SIGTERM or SIGINT.
    case signal(Int32)
    case deadline
    /// The deadline, where it is the cost that sets it.
    case cost
    /// The machine itself is going down.
    case preempted
    /// The training stands still; where, such as `logs/stall-1.txt`.
    case stalled(report: String?)
}

/// Turns how the phases ended into the run's outcome: pure.
enum OutcomeRules {
    /// - Parameters:
    ///   - results: of all phases that ended.
    ///   - trainer: how the trainer ended, where it began.
    ///   - reason: why the run was stopped, where it was.
    ///   - exception: what the trainer printed as the reason of its end.
    ///   - note: why it is not started again, where that was asked for.
    static func outcome(
        results: [Phase: PhaseResult], trainer: Termination?, reason: StopReason?,
        exception: String? = nil, note: String? = nil
    ) -> Outcome {
        let (status, signal) = parts(of: trainer)
        let phase: Phase = trainer == nil ? lastPhase(of: results) : .train
        // A trainer that ended by itself with 0 has succeeded, also when a stop came that moment.
        if trainer == .exited(0), reason == nil || results[.train] == .succeeded {
            return Outcome(
                kind: .succeeded, phase: .train, exitStatus: 0, message: "training succeeded")
        }
        switch reason {
        case .signal(let number):
            return Outcome(
                kind: .stopped, phase: phase, exitStatus: status, signal: signal,
                message: "stopped by \(signalName(number)) during: \(phase.title)")
        case .deadline:
            return Outcome(
                kind: .deadline, phase: phase, exitStatus: status, signal: signal,
                message: "the longest time allowed has passed during: \(phase.title)")
        case .cost:
            return Outcome(
                kind: .cost, phase: phase, exitStatus: status, signal: signal,
                message: "what the machine may cost is spent during: \(phase.title)")
        case .preempted:
            return Outcome(
                kind: .preempted, phase: phase, exitStatus: status, signal: signal,
                message: "the machine was taken back or restarted during: \(phase.title)")
        case .stalled(let report):
            return Outcome(
                kind: .stalled, phase: phase, exitStatus: status, signal: signal,
                message: "the training stood still", hint: report.map { "\($0) says where" })
        case nil:
            break
        }
        if let trainer {
            return Outcome(
                kind: .failed, phase: .train, exitStatus: status, signal: signal,
                message: "the trainer \(words(for: trainer, exception))"
                    + (note.map { "; \($0)" } ?? ""),
                lastLines: firstFailure(in: results).failure?.detail,
                hint: firstFailure(in: results).failure?.hint)
        }
        let failure = firstFailure(in: results)
        return Outcome(
            kind: .setupFailed, phase: failure.phase,
            message: failure.failure?.summary ?? "failed during: \(failure.phase.title)",
            lastLines: failure.failure?.detail, hint: failure.failure?.hint)
    }

    private static func parts(of trainer: Termination?) -> (Int32?, Int32?) {
        switch trainer {
        case .exited(let status): (status, nil)
        case .signalled(let signal): (nil, signal)
        case nil: (nil, nil)
        }
    }

    private static func lastPhase(of results: [Phase: PhaseResult]) -> Phase {
        results.keys.max() ?? .prepare
    }

    private static func firstFailure(
        in results: [Phase: PhaseResult]
    ) -> (phase: Phase, failure: Failure?) {
        for (phase, result) in results.sorted(by: { $0.key < $1.key }) {
            if case .failed(let failure) = result { return (phase, failure) }
        }
        return (lastPhase(of: results), nil)
    }

    /// How a trainer ended, to follow the words "the trainer".
    static func words(for trainer: Termination, _ exception: String?) -> String {
        switch trainer {
        case .exited(1) where exception != nil: "failed: \(exception ?? "")"
        case .exited(let status):
            "ended with exit status \(status)" + (exception.map { ": \($0)" } ?? "")
        case .signalled(SIGKILL):
            "was killed (SIGKILL); the usual cause is that the machine ran out of memory"
        case .signalled(let signal): "was ended by \(signalName(signal))"
        }
    }
}

/// Such as `SIGTERM`; the number where it has no common name.
func signalName(_ signal: Int32) -> String {
    let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL",
        SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL",
        SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE", SIGTERM: "SIGTERM", SIGUSR1: "SIGUSR1",
    ]
    return names[signal] ?? "signal \(signal)"
}
