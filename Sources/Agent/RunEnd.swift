import Shared

/// The end of every run: last sync, verified; capsule; power-off.
struct RunEnd {
    let context: RunContext
    let outcome: Outcome

    /// Spot machines are cut off 30 s after the notice; what is not up by then is lost anyway.
    private static let preemptedSeconds: Double = 22

    func perform() async {
        await CapsuleWriter(context: context).write(endedAt: context.host.now())
        await finalSync()
        await powerOff()
    }

    private func finalSync() async {
        context.board.began(.finalSync)
        let allowed =
            outcome.kind == .preempted
            ? Self.preemptedSeconds : context.job.sync.finalSyncTimeoutSeconds
        do {
            try await context.engine.finish(
                until: context.host.now().addingTimeInterval(allowed))
            try context.record { $0.verified = true }
            context.board.ended(.finalSync, .succeeded)
        } catch {
            let failure = error as? Failure ?? Failure("\(error)")
            context.board.ended(.finalSync, .failed(failure))
            context.board.warn(
                "the last sync is not verified; the output is still on this machine's disk: "
                    + failure.summary)
        }
    }

    private func powerOff() async {
        guard let argv = context.job.powerOff, let executable = argv.first else {
            context.board.update { $0.phase = .finished }
            await context.engine.publish()
            return
        }
        context.board.began(.powerOff)
        await context.engine.publish()
        let command = Command(executable, Array(argv.dropFirst()))
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
            await context.engine.publish()
        }
    }
}
