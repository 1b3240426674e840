import Shared

/// The end of every run: the final sync, verified; then the power-off.
struct RunShutdown {
    let context: RunContext

    /// How long the end of the run waits, after the final sync, for facts that are still asked for.
    private static let patienceForCapsule: Duration = .seconds(5)

    private static let patienceForWebhook: Duration = .seconds(10)

    /// After the end of the notice; then the agent ends the machine, which would cost money for ever.
    private static let patienceForCloud: Duration = .seconds(300)

    /// Brings everything up, within what is left of the time.
    ///
    /// Nothing else stands between a notice and this.
    func finalSync() async {
        context.board.began(.finalSync)
        var failure: Failure?
        repeat {
            // The sync is repeated where its time was short only because the reason of the stop was
            // not known yet, and where its time has become short because the cloud takes the
            // machine away: then in another order.
            let (wasDecided, before) = (context.stop.isDecided, context.stop.budget?.deadline)
            failure = await attempt(before: before)
            let after = context.stop.budget?.deadline ?? .seconds(Int64.max)
            let hasShrunk = after < before ?? .seconds(Int64.max)
            if failure == nil || (wasDecided && !hasShrunk) { break }
            await context.stop.decided()
        } while context.stop.timeLeft != .zero
        guard let failure else { return context.board.ended(.finalSync, .succeeded) }
        context.board.ended(.finalSync, .failed(failure))
        context.board.warn(
            "the last sync is not verified; the output is still on this machine's disk: "
                + failure.summary + (failure.hint.map { "; \($0)" } ?? ""))
    }

    /// - Parameter deadline: on the run's stopwatch; ended where less time turns out to be left.
    private func attempt(before deadline: Duration?) async -> Failure? {
        let allowed =
            context.stop.timeLeft ?? .seconds(context.job.sync.finalSyncTimeoutSeconds)
        let end = context.host.now().addingTimeInterval(allowed.seconds)
        let isHurried = context.stop.timeLeft != nil
        let sync = Task { try await context.engine.finish(until: end, isHurried: isHurried) }
        let impatience = Task {
            await mayGiveUp()
            sync.cancel()
        }
        defer { impatience.cancel() }
        let hurry = Task {
            await context.stop.timeShrinks(before: deadline)
            if !Task.isCancelled { sync.cancel() }
        }
        defer { hurry.cancel() }
        do {
            try await sync.value
            try await context.record { $0.verified = true }
            return nil
        } catch {
            return error as? Failure ?? Failure("\(error)")
        }
    }

    /// Returns when the user has asked twice and the sync does not succeed, or asked a third time.
    ///
    /// Only by hand: a machine that powers off goes on as long as its time allows, since whoever
    /// sends the signals there is systemd.
    private func mayGiveUp() async {
        let failures = context.board.status.sync.consecutiveFailures
        let isByHand = EndPolicy(powerOff: context.job.powerOff) == .stayOn
        while !Task.isCancelled {
            if isByHand {
                let now = context.board.status.sync.consecutiveFailures
                if context.stop.count > 2 || (context.stop.isUrgent && now > failures) { return }
            }
            // Cancelled when the sync is over.
            try? await context.host.clock.sleep(for: .milliseconds(100))
        }
    }

    /// Writes what is known last, and turns the machine off where the job says so.
    ///
    /// - Parameter publishes: false where the store belongs to another run.
    func end(publishes: Bool = true) async {
        if publishes {
            let patience = context.stop.reason == nil ? Self.patienceForCapsule : .zero
            await context.capsule.finish(at: context.host.now(), waiting: patience)
        }
        // After a notice nothing waits for facts: the seconds are needed for the disk.
        await context.webhook.finish(
            within: context.stop.timeLeft == nil ? Self.patienceForWebhook : .zero)
        switch EndPolicy(powerOff: context.job.powerOff) {
        case .stayOn:
            context.board.update { $0.phase = .finished }
            if publishes { await context.publish() }
            // What follows on this process's end powers a rented machine off.
            await awaitCloud()
        case .powerOff(let executable, let arguments):
            await awaitCloud()
            await powerOff(Command(executable, arguments), publishes: publishes)
        }
        await context.board.written()
    }

    /// Leaves the power-off of a preempted machine to its cloud, where the cloud starts again only
    /// machines that it has stopped itself.
    private func awaitCloud() async {
        let stop = context.stop
        guard let notice = stop.preemptionNotice, notice.mustAwaitCloud,
            context.journal.outcome?.kind == .preempted
        else { return }
        context.host.log.info("the cloud stops this machine, and starts it again when it has room")
        await context.board.written()
        let clock = context.host.clock
        let limit = (stop.timeLeft ?? .zero) + Self.patienceForCloud
        await withTaskGroup { group in
            group.addTask { await stop.asked() }
            group.addTask { try? await clock.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func powerOff(_ command: Command, publishes: Bool) async {
        context.board.began(.powerOff)
        if publishes { await context.publish() } else { await context.board.written() }
        do {
            var retry = Retry()
            retry.clock = context.host.clock
            let result = try await retry.run(attempts: 5) {
                try await context.host.runner.run(command, timeout: .seconds(120))
            }
            guard result.succeeded else {
                throw Failure("\(command) failed", detail: result.lastLines(3))
            }
            context.board.ended(.powerOff, .succeeded)
        } catch {
            // systemd's own timer and the cloud's limit are what is left now.
            context.board.ended(.powerOff, .failed(error as? Failure ?? Failure("\(error)")))
            context.board.warn("this machine could not be powered off and goes on costing money")
            if publishes { await context.publish() }
        }
    }
}
