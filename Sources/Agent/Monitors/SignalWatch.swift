import Shared

/// Turns the signals of this process into requests to stop.
enum SignalWatch {
    /// How long systemd has for its answer.
    private static let patience: Duration = .seconds(5)

    /// Signals are watched to the very end of the process: the final sync must survive them too.
    static func start(_ context: RunContext) -> Task<Void, Never> {
        let signals = SignalStream.make([SIGTERM, SIGINT, SIGHUP])
        return Task {
            for await number in signals {
                // A terminal that goes away does not end a training.
                if number != SIGHUP { receive(number, context) }
            }
        }
    }

    /// The trainer is told first; what the signal was for is found out beside its grace.
    static func receive(
        _ number: Int32, _ context: RunContext,
        isSystemdThere: Bool = MachineState.isSystemdThere
    ) {
        let isFirst = context.stop.reason == nil
        context.stop.request(.signal(number), isOpen: isFirst && isSystemdThere)
        context.board.event(
            .signal, "\(signalName(number)) received: stopping; once more stops at once")
        guard isSystemdThere else { return }
        if context.stop.preemptionNotice != nil {
            // The cloud's stop, or somebody else's before it: systemd then ends the agent soon.
            Task {
                let goesDown = await MachineState.isShuttingDown(
                    context.host.runner, clock: context.host.clock)
                if goesDown { context.stop.goesDown() }
            }
        }
        guard isFirst else { return }
        Task {
            let isPreempted = await MachineState.isShuttingDown(
                context.host.runner, clock: context.host.clock)
            context.stop.decide(isPreempted ? .preempted : .signal(number))
        }
        // A systemctl that hangs cannot always be killed, so its end is not waited for.
        Task {
            // Nobody cancels this task.
            try? await context.host.clock.sleep(for: patience)
            context.stop.decide(.signal(number))
        }
    }
}
