import Shared
import Synchronization

/// Puts into the status how far the training is.
final class ProgressWatch: Sendable {
    private let reader = Mutex<ProgressReader?>(nil)
    private let job: Job
    private let board: StatusWriter
    private let now: @Sendable () -> Date

    init(job: Job, board: StatusWriter, now: @escaping @Sendable () -> Date) {
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

    /// Reads what was written since the last look; the disk may be slow.
    func look() async {
        let found = await offTaskThreads {
            self.reader.withLock { $0?.look(now: self.now().timeIntervalSince1970) }
        }
        guard let found, found != board.status.progress else { return }
        board.update { $0.progress = found }
    }
}

/// Looks as often as the heartbeat is written.
struct ProgressMonitor: Monitor {
    func run(_ context: RunContext) async {
        while !Task.isCancelled {
            await context.progress.look()
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: Heartbeat.onMachine)
        }
    }
}
