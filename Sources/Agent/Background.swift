import Shared

/// What goes on beside the phases: signals, the deadline, the heartbeat.
enum Background {
    /// How often the heartbeat is written on this machine; the bucket sees it with each sync.
    private static let heartbeat: Duration = .seconds(10)

    static func start(_ context: RunContext) -> Task<Void, Never> {
        Task {
            await withTaskGroup { group in
                group.addTask { await watchDeadline(context) }
                group.addTask { await beat(context) }
            }
        }
    }

    /// Signals are watched to the very end of the process: the last sync must survive them too.
    static func watchSignals(_ context: RunContext) -> Task<Void, Never> {
        let signals = SignalStream.make([SIGTERM, SIGINT, SIGHUP])
        return Task {
            for await number in signals {
                // A terminal that goes away does not end a training.
                if number == SIGHUP { continue }
                let name = signalName(number)
                context.board.event(.signal, "\(name) received: stopping; once more stops at once")
                let isPreempted = await MachineState.isShuttingDown(context.host.runner)
                context.stop.request(isPreempted ? .preempted : .signal(number))
            }
        }
    }

    private static func watchDeadline(_ context: RunContext) async {
        guard let deadline = context.job.deadline else { return }
        // In steps, since the time on the wall can jump while a machine sleeps.
        while !Task.isCancelled {
            let left = deadline.timeIntervalSince(context.host.now())
            guard left > 0 else {
                context.board.event(.warning, "the longest time allowed has passed: stopping")
                context.stop.request(.deadline)
                return
            }
            try? await context.host.clock.sleep(for: .seconds(min(left, 30)))
        }
    }

    private static func beat(_ context: RunContext) async {
        while !Task.isCancelled {
            let free = DiskSpace.free(at: context.job.directories.output)
            context.board.update { $0.diskFreeBytes = free }
            if let free, free < DiskSpace.scarce {
                context.board.warn("the disk is nearly full; checkpoints may fail to be written")
            }
            try? await context.host.clock.sleep(for: heartbeat)
        }
    }
}
