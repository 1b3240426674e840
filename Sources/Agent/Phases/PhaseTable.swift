import Shared

/// How one phase ended.
enum PhaseResult: Sendable, Equatable {
    case succeeded
    /// There was nothing to do, such as no GPU on this machine.
    case skipped
    case failed(Failure)
    /// It was cancelled, since the run is being stopped or a phase beside it failed.
    case cancelled

    /// Whether what comes after it may begin.
    var isGood: Bool { self == .succeeded || self == .skipped }
}

/// Which phase follows which result: pure, so that every path through a run is a row of a test.
///
///     prepare ─► code ─┬─► dataset ──────┐
///                      ├─► dependencies ─┼─► train ─► finalSync ─► powerOff ─► finished
///                      ├─► gpu ──────────┤              ▲
///                      └─► restore ──────┘              │
///       anything that fails, and any request to stop ───┘
enum PhaseTable {
    /// All of these must have ended well before the phase may begin.
    static let requirements: [Phase: Set<Phase>] = [
        .prepare: [],
        .code: [.prepare],
        .dataset: [.code],
        .dependencies: [.code],
        .gpu: [.code],
        .restore: [.code],
        .train: [.dataset, .dependencies, .gpu, .restore],
    ]

    /// What to do next.
    enum Step: Equatable {
        /// Begin these; more may be running.
        case begin(Set<Phase>)
        /// Wait for what is running, after cancelling `cancel`.
        case wait(cancel: Set<Phase>)
        /// The training is over, one way or the other: last sync, power-off.
        case end
    }

    /// - Parameters:
    ///   - results: of the phases that have ended.
    ///   - running: those that have begun and not ended.
    ///   - stopping: somebody asked for the end, or the deadline has passed.
    static func next(results: [Phase: PhaseResult], running: Set<Phase>, stopping: Bool) -> Step {
        let failed = results.values.contains { !$0.isGood }
        if stopping || failed || results[.train] != nil {
            guard !running.isEmpty else { return .end }
            // A restore that is cut off forbids every upload, also that of the log which says why
            // pip failed; so only a request to stop cuts it off. The trainer stops by itself.
            let spared: Set<Phase> = stopping ? [.train] : [.train, .restore]
            return .wait(cancel: running.subtracting(spared))
        }
        let begun = running.union(results.keys)
        let ready = requirements.filter { phase, needed in
            !begun.contains(phase) && needed.allSatisfy { results[$0]?.isGood == true }
        }
        return ready.isEmpty ? .wait(cancel: []) : .begin(Set(ready.keys))
    }
}
