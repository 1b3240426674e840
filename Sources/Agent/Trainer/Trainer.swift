import Shared

/// Runs the trainer to its end, or to the end that somebody asked for.
struct Trainer {
    let runner: any CommandRunner
    let clock: any Clock<Duration>
    let stop: StopRequest
    let grace: Duration
    /// Asked to end this start of the trainer, and not the run; nil where nobody does.
    var stalled: StopRequest?
    /// The agent's program, which has the keeper in it.
    var keeper = OwnProgram.path()

    /// How a trainer ended, and whether we were the ones who ended it.
    struct End: Sendable, Equatable {
        var termination: Termination
        var wasStopped: Bool
        /// Names of the processes that outlived the main one.
        var leftovers: [String] = []
        /// They were ended, since they did nothing any more.
        var hasEndedLeftovers = false
        /// It was ended since it stood still.
        var wasStalled = false
    }

    /// Starts `command` behind a keeper and returns when its whole tree of processes is gone.
    ///
    /// A request to stop sends SIGTERM to all of them; after the grace, or a second request, SIGKILL.
    /// The grace counts from the request, and is cut where the machine is taken away.
    ///
    /// - Parameters:
    ///   - record: where the keeper writes, in the run's work directory.
    ///   - onStart: told the trainer as soon as there is one.
    /// - Throws: `Failure` where it cannot be started.
    func run(
        _ command: Command, attempt: Int, record: String, onStart: (KeptTrainer) -> Void
    ) async throws -> End {
        // No process of an earlier attempt may live on beside this one.
        let work = parentDirectory(record)
        await offTaskThreads { MarkedProcesses.end(MarkedProcesses.trainer, work) }
        let kept = try await KeptTrainer.start(
            command, attempt: attempt, record: record, executable: keeper, runner: runner,
            clock: clock)
        onStart(kept)
        return await follow(kept)
    }

    /// Returns when the tree of a trainer that runs already is gone.
    func follow(_ kept: KeptTrainer) async -> End {
        // Both tasks below see the end of a trainer that obeys; which of them is first is chance.
        let (wasAsked, wasStalled) = (Latch(), Latch())
        let ended = await withTaskGroup(of: KeptTrainer.Ended?.self) { group in
            group.addTask { await kept.ended() }
            group.addTask {
                await stop.requested()
                guard stop.reason != nil else { return nil }
                wasAsked.set()
                return await stopped(kept, by: stop)
            }
            if let stalled {
                group.addTask {
                    await stalled.requested()
                    guard stalled.reason != nil else { return nil }
                    wasStalled.set()
                    return await stopped(kept, by: stalled)
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            return await kept.ended()
        }
        return End(
            termination: ended.termination, wasStopped: wasAsked.isSet,
            leftovers: ended.leftovers, hasEndedLeftovers: ended.hasEndedLeftovers,
            wasStalled: wasStalled.isSet && !wasAsked.isSet)
    }

    /// - Parameter request: from it the grace counts.
    private func stopped(_ kept: KeptTrainer, by request: StopRequest) async -> KeptTrainer.Ended? {
        kept.stop()
        return await withTaskGroup(of: KeptTrainer.Ended?.self) { group in
            group.addTask { await kept.ended() }
            group.addTask {
                // Anew after each wait: it grows where the machine turns out to stay.
                while !Task.isCancelled {
                    let left = request.graceLeft(grace)
                    guard left > .zero else { return nil }
                    try? await clock.sleep(for: left)
                }
                return nil
            }
            group.addTask {
                await stop.urgent()
                return nil
            }
            let first = await group.next() ?? nil
            if first == nil { kept.killTree() }
            group.cancelAll()
            if let first { return first }
            return await kept.ended()
        }
    }
}
