import Shared
import Synchronization

/// Drives one run on this machine from its first phase to the power-off.
///
/// Whatever happens, it ends in the last sync and the power-off: every error on the way becomes
/// the outcome and nothing leaves early.
final class Run: Sendable {
    private let context: RunContext
    private let trainerEnd = Mutex<Termination?>(nil)

    init(_ context: RunContext) { self.context = context }

    /// Runs everything there is to run and returns how it ended.
    func execute() async -> Outcome {
        let history = await adoptHistory()
        let outcome: Outcome
        if let before = context.journal.outcome, context.journal.isOver {
            // A predecessor died during its end: only the end is to be done.
            outcome = before
            context.board.update { $0.outcome = before }
        } else {
            let background = Background.start(context)
            let results = await history.isGood ? train() : [.prepare: history]
            background.cancel()
            outcome = OutcomeRule.outcome(
                results: results, trainer: trainerEnd.withLock { $0 }, reason: context.stop.reason)
            await settle(outcome)
        }
        // Uncancelled: the end of a run must not be torn down with what led to it.
        await Task { await RunEnd(context: context, outcome: outcome).perform() }.value
        return outcome
    }

    private func adoptHistory() async -> PhaseResult {
        do {
            try await RunHistory(context: context).adopt()
            return .succeeded
        } catch {
            return .failed(error as? Failure ?? Failure("\(error)"))
        }
    }

    /// Runs the phases up to the trainer's end, side by side where the table allows.
    private func train() async -> [Phase: PhaseResult] {
        var results: [Phase: PhaseResult] = [:]
        var running: [Phase: Task<Void, Never>] = [:]
        let (ended, report) = AsyncStream.makeStream(of: (Phase, PhaseResult)?.self)
        let watcher = Task {
            await context.stop.requested()
            report.yield(nil)
        }
        defer { watcher.cancel() }
        var iterator = ended.makeAsyncIterator()
        while true {
            let step = PhaseTable.next(
                results: results, running: Set(running.keys),
                stopping: context.stop.reason != nil)
            switch step {
            case .end:
                return results
            case .begin(let phases):
                for phase in phases.sorted() {
                    context.board.began(phase)
                    running[phase] = Task { report.yield((phase, await self.perform(phase))) }
                }
                await context.engine.publish()
            case .wait(let cancelled):
                for phase in cancelled { running[phase]?.cancel() }
                guard let event = await iterator.next(), let (phase, result) = event else {
                    continue
                }
                running[phase] = nil
                results[phase] = result
                context.board.ended(phase, result)
            }
        }
    }

    private func perform(_ phase: Phase) async -> PhaseResult {
        do {
            if phase == .train { return try await TrainPhase(context).perform(keep: keep) }
            guard let work = SetupPhases.all[phase] else { return .skipped }
            return try await work.perform(context)
        } catch is CancellationError {
            return .cancelled
        } catch let failure as Failure {
            return Task.isCancelled ? .cancelled : .failed(failure)
        } catch {
            return .failed(Failure("\(error)"))
        }
    }

    private func keep(_ termination: Termination) { trainerEnd.withLock { $0 = termination } }

    private func settle(_ outcome: Outcome) async {
        // Who reads after a power cut that the trainer has ended finds what it wrote. A machine that is
        // taken away has no time for that: it keeps the trainer in its journal, and what the next
        // boot finds that is not up counts as torn.
        let isPreempted = outcome.kind == .preempted
        if !isPreempted {
            await Disk.flush([context.job.directories.output, context.job.directories.logs])
        }
        context.board.update { $0.outcome = outcome }
        context.board.event(.outcome, phase: outcome.phase, outcome.message)
        if let lines = outcome.lastLines { context.host.log.info("its last lines:\n\(lines)") }
        do {
            try context.record { journal in
                journal.outcome = outcome
                if !isPreempted { journal.trainer = nil }
            }
        } catch {
            context.host.log.error("the journal cannot be written: \(error)")
        }
    }
}
