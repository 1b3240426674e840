import Shared

/// What follows the end of one start of the trainer: looks, decides, records, tells and waits.
struct TrainerRecovery {
    /// What the phase does next.
    enum Next: Sendable, Equatable {
        /// The wait is over: the trainer is started again.
        case startsAgain
        /// The training is over; with the reason where somebody asked for restarts.
        case ends(String?)
    }

    private let context: RunContext

    init(_ context: RunContext) { self.context = context }

    /// How far the training was when its trainer ended.
    ///
    /// - Parameters:
    ///   - since: when it was started; nil where a former agent did that.
    ///   - incomplete: paths of the run, such as `output/model.pt`, that it did not write to their end.
    func look(
        at end: Trainer.End, error: PythonError.Found?, since: Date?, incomplete: [String]
    ) async -> RestartPolicy.Attempt {
        let output = context.job.directories.output
        let prefix = BucketLayout.output + "/"
        let torn = incomplete.filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }
        let found = await offTaskThreads { OutputLook(output, since: since, incomplete: torn) }
        // What counts nothing, prints nothing and writes nothing has not come to its first step.
        let hasBegun = found.hasNew || context.board.status.progress != nil
        return RestartPolicy.Attempt(
            // The log before an adopted trainer's start is not known apart: another start's error.
            end: end, error: since == nil ? nil : error,
            step: context.progress.counted ?? (hasBegun ? nil : 0), checkpoint: found.checkpoint,
            isHardware: error?.isOfHardware ?? false)
    }

    /// Decides and, where the trainer is started again, returns when it is time to.
    ///
    /// - Throws: `Failure` where the journal cannot be written.
    func follow(_ attempt: RestartPolicy.Attempt) async throws -> Next {
        let limit = context.job.maxRestarts
        let former = context.journal.recovery
        let decision = RestartPolicy.decide(
            after: attempt, former: former, isStopping: context.stop.reason != nil, limit: limit,
            firstWait: context.job.restartWaitSeconds ?? Job.defaultRestartWait)
        switch decision {
        case .ends:
            return .ends(nil)
        case .spent:
            return .ends(
                limit == 0
                    ? nil
                    : "it was started again \(Self.times(limit)) without progress (--max_restarts)")
        case .repeats:
            return .ends(Self.repetition(of: attempt))
        case .hardware:
            return .ends(
                "the hardware failed \(Self.times(RestartPolicy.mostOfHardware + 1)) in a row "
                    + "without progress: take another machine")
        case .startsAgain(let record, let wait):
            return try await startAgain(attempt, record, after: wait)
        }
    }

    private func startAgain(
        _ attempt: RestartPolicy.Attempt, _ record: RestartRecord, after wait: Double
    ) async throws -> Next {
        let start = context.journal.start.restarted
        let words =
            attempt.end.wasStalled
            ? "stood still and has been ended"
            : OutcomeRules.words(for: attempt.end.termination, attempt.error?.exception)
        let pause = "it is started again in \(TimeSpan(seconds: wait))"
        let charge =
            attempt.isHardware
            ? "a failure of the hardware, \(record.hardware) of at most "
                + "\(RestartPolicy.mostOfHardware) in a row"
            : "\(record.spent) of \(context.job.maxRestarts) without progress"
        context.board.event(
            .retry, phase: .train, "the trainer \(words); \(pause) (\(charge))",
            details: [
                "wait_seconds": .number(wait),
                "cause": .string(attempt.isHardware ? "hardware" : "trainer"),
            ])
        // Before the wait: an agent that dies in it must not take the same end for another one.
        try await context.record { journal in
            journal.start = start
            journal.recovery = record
            journal.trainer = nil
        }
        let time = context.host.now().addingTimeInterval(wait)
        context.board.update { status in
            status.start = start
            status.recovery = record
            status.restartAt = time
        }
        await pass(.seconds(wait))
        context.board.update { $0.restartAt = nil }
        guard context.stop.reason == nil, !Task.isCancelled else { return .ends(nil) }
        context.board.event(
            .restart, phase: .train, "the trainer is started again (restart \(start.restarts))")
        return .startsAgain
    }

    /// Returns after the wait, or at once where the run is being stopped.
    private func pass(_ wait: Duration) async {
        guard wait > .zero else { return }
        let (clock, stop) = (context.host.clock, context.stop)
        await withTaskGroup { group in
            group.addTask { try? await clock.sleep(for: wait) }
            group.addTask { await stop.requested() }
            await group.next()
            group.cancelAll()
        }
    }

    private static func repetition(of attempt: RestartPolicy.Attempt) -> String {
        let place = attempt.step.map { $0 > 0 ? "at step \($0)" : "before the first step" } ?? ""
        return "it failed twice in a row \(place) with the same error"
            + (attempt.error?.frame.map { " (\($0))" } ?? "") + ": another start would fail as well"
    }

    private static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
}
