/// One line of `logs/train_log_index.jsonl`: how far the trainer's log had come at a moment.
///
/// The log holds the user's bytes alone, so attempts and times stand beside it.
package struct LogMark: Codable, Sendable, Equatable {
    /// The attempt that writes there, counted as in `Attempt.number`.
    package var attempt: Int
    /// Bytes from the start of `train.log`.
    package var offset: Int64
    package var time: Date

    package init(attempt: Int, offset: Int64, time: Date) {
        self.attempt = attempt
        self.offset = offset
        self.time = time
    }
}

/// Which attempt wrote which bytes of `train.log`, and when.
///
/// The log goes on over attempts and machines. A machine that is lost takes what it had not synced
/// with it: the next attempt then begins before the end that a reader may have seen.
package struct LogIndex: Sendable, Equatable {
    /// Where an attempt begins.
    package struct Start: Sendable, Equatable {
        package var attempt: Int
        package var offset: Int64
    }

    /// Attempts in rising order.
    package private(set) var starts: [Start] = []
    private var marks: [LogMark] = []

    /// More lines than a run of years writes; what follows is not read.
    package static let mostMarks = 200_000

    package init() {}

    /// Reads the lines of the file; other lines are skipped, since the trainer can
    /// write to the file too.
    package init(_ data: Data) {
        let decoder = JSONFormat.decoder()
        for line in data.split(separator: 0x0A).prefix(Self.mostMarks) {
            guard let mark = try? decoder.decode(LogMark.self, from: Data(line)),
                (1...1_000_000_000).contains(mark.attempt), (0...(1 << 60)).contains(mark.offset)
            else { continue }
            if mark.attempt > starts.last?.attempt ?? 0 {
                starts.append(Start(attempt: mark.attempt, offset: mark.offset))
            }
            marks.append(mark)
        }
    }

    /// The attempt that wrote the byte at `offset`; nil where the index does not say.
    package func attempt(at offset: Int64) -> Int? {
        starts.last { $0.offset <= offset }?.attempt
    }

    /// Where `attempt` begins; nil where the index does not say.
    package func start(of attempt: Int) -> Int64? {
        starts.first { $0.attempt == attempt }?.offset
    }

    /// Where a reader at `offset`, who has read `attempt` up to there, has to go back to, since a later
    /// attempt began before it; nil where it reads on.
    package func restart(after attempt: Int, before offset: Int64) -> Int64? {
        starts.filter { $0.attempt > attempt && $0.offset < offset }.map(\.offset).min()
    }

    /// The starts of later attempts in `offset...end`.
    package func starts(after attempt: Int, in range: ClosedRange<Int64>) -> [Start] {
        starts.filter { $0.attempt > attempt && range.contains($0.offset) }
    }

    /// The last known offset at or before `time`; 0 where nothing is known that early.
    package func offset(at time: Date) -> Int64 {
        let latest = starts.last?.attempt ?? 0
        return marks.filter { $0.time <= time }.map { mark in
            // What a later attempt has written over counts no more.
            mark.attempt == latest
                ? mark.offset
                : min(mark.offset, restart(after: mark.attempt, before: mark.offset) ?? mark.offset)
        }.max() ?? 0
    }
}
