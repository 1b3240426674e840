import Shared
import Synchronization

/// Puts into the status how far the training is.
final class ProgressWatch: Sendable {
    /// Told after each look, for the one monitor that judges by it; a look that it misses is made up
    /// for by the next one.
    let looks: AsyncStream<Void>
    private let looked: AsyncStream<Void>.Continuation
    private let reader = Mutex<ProgressReader?>(nil)
    private let job: Job
    private let board: StatusWriter
    private let now: @Sendable () -> Date

    init(job: Job, board: StatusWriter, now: @escaping @Sendable () -> Date) {
        (looks, looked) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.job = job
        self.board = board
        self.now = now
    }

    /// Begins anew for another start of the trainer.
    ///
    /// - Parameter logStart: what lies before it in `train.log` is of an earlier start.
    func begin(attempt: Int, logStart: Int64) {
        let new = ProgressReader(
            logs: job.directories.logs, logStart: logStart, attempt: attempt,
            totalSteps: job.totalSteps.map { Int64($0) })
        reader.withLock { $0 = new }
        board.update { $0.progress = nil }
    }

    /// The step that observer or metrics said last; nil where neither has said one.
    var counted: Int64? { reader.withLock { $0?.counted } }

    /// Between two looks; a short limit of the user's for a stall is kept to a quarter.
    var interval: Duration {
        let usual = Heartbeat.onMachine
        guard let given = job.stallAfterSeconds else { return usual }
        return min(usual, .seconds(max(0.25, given / 4)))
    }

    /// Reads what was written since the last look; the disk may be slow.
    func look() async {
        defer { looked.yield() }
        let found = await offTaskThreads {
            self.reader.withLock { $0?.look(now: self.now().timeIntervalSince1970) }
        }
        guard let found, found != board.status.progress else { return }
        board.update { $0.progress = found }
    }
}

/// The only one that looks at a training's progress while it runs.
struct ProgressMonitor: Monitor {
    func run(_ context: RunContext) async {
        while !Task.isCancelled {
            await context.progress.look()
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: context.progress.interval)
        }
    }
}
