import Shared

/// Writes `logs/system.jsonl`: what the machine is busy with, every ten seconds.
struct SystemMonitor: Monitor {
    func run(_ context: RunContext) async {
        let stream = GPUStream(context.host)
        await withTaskGroup { group in
            group.addTask {
                // Before the training begins, the phase that waits for the GPUs asks.
                while !Task.isCancelled, context.board.status.trainerPid == nil {
                    try? await context.host.clock.sleep(for: Heartbeat.onMachine)
                }
                if !Task.isCancelled { await stream.run() }
            }
            group.addTask { await sample(context, stream) }
        }
    }

    private func sample(_ context: RunContext, _ stream: GPUStream) async {
        var file = SystemFile(
            logs: context.job.directories.logs, startedAt: context.journal.startedAt,
            mode: context.call == .ofJob ? 0o644 : 0o600, warn: { context.board.warn($0) })
        let watch = Stopwatch(context.host.clock)
        var hasBegun = false
        var (before, last) = (MachineCounters(root: ""), watch.elapsed)
        while !Task.isCancelled {
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: Heartbeat.onMachine)
            guard !Task.isCancelled else { break }
            let (counters, now) = (MachineCounters(root: ""), watch.elapsed)
            let load = MachineLoad(
                from: before, to: counters, seconds: (now - last).seconds,
                diskFree: context.board.status.diskFreeBytes, gpus: stream.gpus)
            (before, last) = (counters, now)
            context.board.update { $0.machine = load }
            // Before it the file of a former machine may still come back.
            hasBegun = hasBegun || context.board.status.trainerPid != nil
            file.add(load, at: context.host.now(), mayWrite: hasBegun)
        }
        if hasBegun { file.finish() }
    }
}

/// `logs/system.jsonl`, written so that it costs neither room nor transfers.
struct SystemFile {
    /// Lines that wait for others, as long as the training prints nothing: a file that grows is sent
    /// with the next sync, and a training at rest must not be sent each minute for its rest.
    private static let mostWaiting = 30
    private static let mostSparse = 5
    /// Of a set-up, or while the disk is full; the oldest go first.
    private static let mostKept = 720
    private static let usual = 6
    /// After a day a line a minute is enough: a month is then 60 MB with eight GPUs.
    private static let dense = 86_400.0
    private static let sparse = 60.0

    private let path: String
    private let log: String
    private let startedAt: Date
    private let mode: mode_t
    private let warn: @Sendable (String) -> Void
    private var waiting: [String] = []
    private var lastLine = Date.distantPast
    private var printed: Int64 = 0

    /// - Parameters:
    ///   - startedAt: of the run, on whichever machine.
    ///   - warn: told what the disk does not take.
    init(
        logs: String, startedAt: Date, mode: mode_t, warn: @escaping @Sendable (String) -> Void
    ) {
        path = logs + "/" + BucketLayout.system
        log = logs + "/" + BucketLayout.trainLog
        self.startedAt = startedAt
        self.mode = mode
        self.warn = warn
    }

    /// - Parameter mayWrite: else the line waits in memory.
    mutating func add(_ load: MachineLoad, at now: Date, mayWrite: Bool = true) {
        let isDense = now.timeIntervalSince(startedAt) < Self.dense
        // A little less, since a look comes a moment early or late.
        guard isDense || now.timeIntervalSince(lastLine) >= Self.sparse - 5 || now < lastLine
        else { return }
        lastLine = now
        waiting.append(load.line(at: now))
        if waiting.count > Self.mostKept { waiting.removeFirst() }
        guard mayWrite else { return }
        guard waiting.count >= Self.usual || !isDense else { return }
        let size = fileSize(log)
        if size != printed || waiting.count >= (isDense ? Self.mostWaiting : Self.mostSparse) {
            printed = size
            flush()
        }
    }

    /// Appends what waits at the training's end; what the disk does not take is lost.
    mutating func finish() {
        flush()
        guard !waiting.isEmpty else { return }
        let name = BucketLayout.logs + "/" + BucketLayout.system
        warn("the last \(waiting.count) lines of \(name) are lost")
    }

    /// Appends what waits; it waits on where the disk is full.
    private mutating func flush() {
        guard !waiting.isEmpty else { return }
        do {
            try LineFile.append(Data(waiting.joined().utf8), to: path, mode: mode)
            waiting = []
        } catch {
            warn(
                "what the machine does is not written down for now: "
                    + ((error as? Failure)?.summary ?? "\(error)"))
        }
    }
}
