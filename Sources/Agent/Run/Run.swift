import Shared
import Synchronization

/// Drives one run on this machine from its first phase to the power-off.
///
/// Whatever happens, it ends in the last sync and the power-off: every error on the way becomes
/// the outcome and nothing leaves early.
final class Run: Sendable {
    private let context: RunContext
    private let trainerEnd = Mutex<TrainerEnd?>(nil)

    init(_ context: RunContext) { self.context = context }

    /// Runs everything there is to run and returns how it ended.
    ///
    /// - Throws: `Failure` where the store belongs to another run: nothing is trained, and nothing
    ///   there is changed.
    func execute() async throws -> Outcome {
        let shutdown = RunShutdown(context: context)
        let history: PhaseResult
        do {
            history = try await adoptHistory()
        } catch {
            context.host.log.error("\(error.failure)")
            await Task { await shutdown.end(publishes: false) }.value
            throw error.failure
        }
        tellBoot()
        var outcome: Outcome
        var ending: Ending?
        if let before = context.journal.outcome, context.journal.isOver {
            // A predecessor died during its end: only the end is to be done.
            outcome = before
            context.board.update { $0.outcome = before }
        } else {
            let monitors = Monitors.start(context)
            let results: [Phase: PhaseResult]
            if context.adopted != nil {
                // It runs whatever the bucket says; what it needed was brought by the agent before.
                results = [.train: await perform(.train)]
                context.board.ended(.train, results[.train] ?? .cancelled)
            } else {
                results = history.isGood ? await train() : [.prepare: history]
            }
            monitors.cancel()
            let found = Ending(results: results, trainer: trainerEnd.withLock { $0 })
            outcome = found.outcome(of: context.stop)
            ending = found
            await settle(outcome)
        }
        // Uncancelled: the end of a run must not be torn down with what led to it.
        await Task { await shutdown.finalSync() }.value
        if let ending {
            await context.stop.decided()
            let final = ending.outcome(of: context.stop)
            if final != outcome { await settle(final) }
            tell(final)
            outcome = final
        }
        await Task { await shutdown.end() }.value
        return outcome
    }

    /// What the run came to, whatever the reason turns out to be.
    private struct Ending {
        var results: [Phase: PhaseResult]
        var trainer: TrainerEnd?

        /// As long as the reason of a stop is open it may be a preemption, after which the next
        /// machine goes on. Taken as one, nothing is lost if this machine dies now.
        func outcome(of stop: StopRequest) -> Outcome {
            OutcomeRules.outcome(
                results: results, trainer: trainer?.termination,
                reason: stop.isDecided ? stop.reason : .preempted, exception: trainer?.exception,
                endedLeftovers: trainer?.endedLeftovers ?? [], note: trainer?.note)
        }
    }

    /// For the receipt: a rented machine costs from its boot on, and also between two agents.
    private func tellBoot() {
        guard EndPolicy(powerOff: context.job.powerOff) != .stayOn,
            let boot = MachineState.boot(now: context.host.now())
        else { return }
        context.board.event(
            .note, "the machine was booted at \(boot.at.formatted(.iso8601))",
            details: [
                "boot_id": .string(boot.id),
                "booted_at": .number(boot.at.timeIntervalSince1970.rounded()),
            ], isLogged: false)
    }

    private func adoptHistory() async throws(RunResume.Refusal) -> PhaseResult {
        do {
            try await RunResume(context: context).adopt()
            return .succeeded
        } catch let refusal as RunResume.Refusal {
            throw refusal
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
                await context.publish()
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

    private func keep(_ end: TrainerEnd) { trainerEnd.withLock { $0 = end } }

    private func settle(_ outcome: Outcome) async {
        // After a power cut an agent that reads that the trainer has ended must find what it wrote,
        // so the disk is made to keep it first. A machine that is taken away has no time for that:
        // its journal keeps the trainer, and what the next boot finds and is not up counts as torn.
        let isPreempted = outcome.kind == .preempted
        if !isPreempted {
            let directories = context.job.directories
            await Disk.flush([directories.output, directories.logs, directories.code])
        }
        context.board.update { $0.outcome = outcome }
        do {
            try await context.record { journal in
                journal.outcome = outcome
                if !isPreempted { journal.trainer = nil }
            }
        } catch {
            context.host.log.error("the journal cannot be written: \(error)")
        }
    }

    private func tell(_ outcome: Outcome) {
        context.board.event(.outcome, phase: outcome.phase, outcome.message)
        // A run by hand has shown them.
        if let lines = outcome.lastLines, context.call == .ofJob || outcome.phase != .train {
            context.host.log.info("its last lines:\n\(lines)")
        }
        if let hint = outcome.hint { context.host.log.info("hint: \(hint)") }
    }
}
