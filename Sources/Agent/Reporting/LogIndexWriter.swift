import Shared
import Synchronization

/// Appends to `logs/train_log_index.jsonl` where the trainer's log stands, so that a reader can tell
/// attempts apart and find a moment.
///
/// It lies in the logs directory: it is synced and restored with the log that it is about.
final class LogIndexWriter: Sendable {
    private struct State {
        var attempt = 0
        var began: Date?
        var last: LogMark?
    }

    private let log: String
    private let path: String
    private let now: @Sendable () -> Date
    private let state = Mutex(State())

    /// - Parameter logs: the run's logs directory.
    init(logs: String, now: @escaping @Sendable () -> Date) {
        log = logs + "/" + BucketLayout.trainLog
        path = logs + "/" + BucketLayout.trainLogIndex
        self.now = now
    }

    /// An attempt's first byte will be the next one of the log.
    func begin(attempt: Int) {
        state.withLock { state in
            state.attempt = attempt
            state.began = now()
            append(LogMark(attempt: attempt, offset: size, time: now()), &state)
        }
    }

    /// Goes on with an attempt that a former agent began.
    func adopt(attempt: Int) {
        state.withLock { state in
            state.attempt = attempt
            state.began = now()
        }
    }

    /// Notes where the log stands, if it has grown and the last mark is old enough.
    func mark() {
        state.withLock { state in
            guard state.attempt > 0, let began = state.began else { return }
            let time = now()
            let mark = LogMark(attempt: state.attempt, offset: size, time: time)
            if let last = state.last {
                let pause = max(
                    Self.leastPause, time.timeIntervalSince(began) * Self.shareOfRuntime)
                guard mark.offset > last.offset, time.timeIntervalSince(last.time) >= pause else {
                    return
                }
            }
            append(mark, &state)
        }
    }

    /// In seconds.
    private static let leastPause = 30.0
    /// Marks get rarer with time: a month has some 3,000 of them, 200 KB.
    private static let shareOfRuntime = 0.002

    private var size: Int64 { fileSize(log) }

    /// A full disk costs marks, nothing else.
    private func append(_ mark: LogMark, _ state: inout State) {
        state.last = mark
        guard let line = try? JSONFormat.line(mark) else { return }
        try? LineFile.append(line, to: path)
    }
}

/// Lets the index follow the log.
struct LogIndexMonitor: Monitor {
    func run(_ context: RunContext) async {
        while !Task.isCancelled {
            context.logIndex.mark()
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: Heartbeat.onMachine)
        }
    }
}
