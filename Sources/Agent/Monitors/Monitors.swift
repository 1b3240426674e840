import Shared

/// Something that is watched beside the phases, from the first one to the trainer's end.
protocol Monitor: Sendable {
    /// Returns when the task is cancelled, or when there is nothing more to watch.
    func run(_ context: RunContext) async
}

/// All that is watched beside the phases of a run.
enum Monitors {
    static let all: [any Monitor] = [
        DeadlineMonitor(), HeartbeatMonitor(), BucketHeartbeatMonitor(), DiskSpaceMonitor(),
        LogIndexMonitor(), ProgressMonitor(), AlertMonitor(), ControlMonitor(), StallMonitor(),
        SystemMonitor(),
    ]

    /// Runs them until the task that is returned is cancelled.
    static func start(
        _ context: RunContext, _ monitors: [any Monitor] = all
    ) -> Task<Void, Never> {
        Task {
            await withTaskGroup { group in
                for monitor in monitors { group.addTask { await monitor.run(context) } }
            }
        }
    }
}

/// Stops the run at its deadline, which may be moved meanwhile, or before it by what the last sync will take.
struct DeadlineMonitor: Monitor {
    /// The time on the wall can jump while a machine sleeps: it is looked at this often.
    private static let step: Double = 30

    func run(_ context: RunContext) async {
        while !Task.isCancelled, let longest = context.limitedJob.maxDurationSeconds {
            let reserve = FinalSyncReserve.seconds(
                for: context.board.status.sync, longest: longest)
            let end = context.job.createdAt.addingTimeInterval(longest - reserve)
            let left = end.timeIntervalSince(context.host.now())
            guard left > 0 else {
                let isCost = context.limitedJob.isLimitedByCost
                context.stop.request(isCost ? .cost : .deadline)
                let early =
                    reserve < 1
                    ? "" : ", \(TimeSpan(seconds: reserve)) before it for the last sync"
                context.board.event(
                    .warning,
                    (isCost
                        ? "what the machine may cost is spent"
                        : "the longest time allowed has passed") + ": stopping" + early)
                return
            }
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: .seconds(min(left, Self.step)))
        }
    }
}

/// Writes the heartbeat on this machine.
struct HeartbeatMonitor: Monitor {
    func run(_ context: RunContext) async {
        while !Task.isCancelled {
            context.board.update { _ in }
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: Heartbeat.onMachine)
        }
    }
}

/// Brings the heartbeat to the bucket where no sync does, such as during a long upload.
struct BucketHeartbeatMonitor: Monitor {
    func run(_ context: RunContext) async {
        while !Task.isCancelled {
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: Heartbeat.inBucket)
            if Task.isCancelled { return }
            await context.engine.publish(onlyIfDue: true)
        }
    }
}

/// Watches the room where output is written.
struct DiskSpaceMonitor: Monitor {
    /// In bytes. Below this one more checkpoint of a usual model may not fit.
    private static let scarce: Int64 = 2 << 30

    func run(_ context: RunContext) async {
        while !Task.isCancelled {
            let free = FreeSpace.bytes(at: context.job.directories.output)
            context.board.update { $0.diskFreeBytes = free }
            if let free, free < Self.scarce {
                context.board.warn("the disk is nearly full; checkpoints may fail to be written")
            }
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: Heartbeat.onMachine)
        }
    }
}
