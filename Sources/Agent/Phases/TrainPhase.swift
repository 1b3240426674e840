import Shared

/// The training itself, beside the sync, started again as often as the job allows.
struct TrainPhase {
    private let context: RunContext

    init(_ context: RunContext) { self.context = context }

    /// - Parameter keep: told how each start of the trainer ended.
    /// - Throws: `Failure` where it cannot be started at all.
    func perform(keep: (Termination) -> Void) async throws -> PhaseResult {
        let sync = Task { await context.engine.loop() }
        defer { sync.cancel() }
        while true {
            let end = try await runOnce()
            keep(end.termination)
            await context.engine.trainerEnded(abnormally: !end.termination.succeeded)
            // One that leaves with 0 since it was asked to go has been stopped, not finished.
            if end.termination.succeeded, !end.wasStopped { return .succeeded }
            let restarts = context.journal.restarts
            guard !end.wasStopped, context.stop.reason == nil, restarts < context.job.maxRestarts
            else { return .failed(failure(of: end)) }
            try context.record { $0.restarts = restarts + 1 }
            context.board.update { $0.restarts = restarts + 1 }
            context.board.event(
                .restart, phase: .train,
                "the trainer is started again (\(restarts + 1) of \(context.job.maxRestarts))")
        }
    }

    private func runOnce() async throws -> Trainer.End {
        let journal = context.journal
        let command = TrainerCommand.make(
            job: context.job, python: context.environment.python,
            environment: context.trainerEnvironment, attempt: journal.attempt + journal.restarts)
        let trainer = Trainer(
            runner: context.host.runner, clock: context.host.clock, stop: context.stop,
            grace: .seconds(context.job.graceSeconds))
        let end = try await trainer.run(command) { pid in
            let identity = ProcessIdentity(of: pid)
            context.engine.watch(identity)
            context.board.update { $0.trainerPid = pid }
            do {
                try context.record { $0.trainer = identity }
            } catch {
                context.host.log.error("the journal cannot be written: \(error)")
            }
        }
        context.board.update { $0.trainerPid = nil }
        return end
    }

    private func failure(of end: Trainer.End) -> Failure {
        if end.wasStopped { return Failure("the trainer was stopped") }
        let log = context.job.directories.logs + "/" + BucketLayout.trainLog
        return Failure(
            "the trainer did not succeed; see logs/\(BucketLayout.trainLog)",
            detail: LogTail.lastLines(15, of: log))
    }
}
