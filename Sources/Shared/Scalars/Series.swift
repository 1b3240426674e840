/// Where a series was read, the most trusted first: what the trainer says of itself by name comes
/// before what is guessed from its words.
package enum ScalarSource: Int, Sendable, CaseIterable, Comparable {
    /// `metrics.jsonl`, which the helper library writes.
    case metrics
    /// Event files of TensorBoard.
    case tensorBoard
    /// Tables that frameworks write, such as Lightning's `metrics.csv`.
    case table
    /// Lines of `train.log`.
    case log
    /// `observer.jsonl`, which the observer writes of an optimizer.
    case observer

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// As pages and JSON name it.
    package var name: String {
        switch self {
        case .metrics: "metrics.jsonl"
        case .tensorBoard: "TensorBoard"
        case .table: "CSV"
        case .log: "train.log"
        case .observer: "observer"
        }
    }
}

/// The values of one name, in the order in which they were written.
package struct Series: Sendable {
    /// What one start of the trainer wrote; steps never fall in it, unless they repeat.
    package struct Segment: Sendable {
        /// As `AI_TRAINING_ATTEMPT` counts; nil where the source does not say it.
        package var attempt: Int?
        package var points: ThinnedPoints
    }

    package let name: String
    package let source: ScalarSource
    package private(set) var segments: [Segment] = []
    package private(set) var count = 0
    package private(set) var last: ScalarPoint?
    /// Of the finite values.
    package private(set) var lowest: ScalarPoint?
    package private(set) var highest: ScalarPoint?
    /// The steps start again within one attempt, such as in each epoch: only the points' numbers
    /// put them in order.
    package private(set) var stepsRepeat = false

    /// Preemptions and crashes of one run; more returns than this are a counter of another kind.
    private static let mostSegments = 64
    private let capacity: Int

    package init(name: String, source: ScalarSource, capacity: Int = 2048) {
        self.name = name
        self.source = source
        self.capacity = capacity
    }

    /// Takes a value; the point's number is given here.
    package mutating func append(
        step: Int64?, time: Double?, value: Double, attempt: Int? = nil
    ) {
        let point = ScalarPoint(
            number: count, step: step ?? Int64(count), time: time, value: value)
        let former = segments.last?.attempt
        let returns = last.map { point.step < $0.step } ?? false
        let isRestart = attempt != former || (returns && attempt == nil)
        if segments.isEmpty || (isRestart && !stepsRepeat && segments.count < Self.mostSegments) {
            segments.append(
                Segment(attempt: attempt, points: ThinnedPoints(capacity: capacity)))
        } else if returns {
            stepsRepeat = true
        }
        segments[segments.count - 1].points.append(point)
        count += 1
        last = point
        guard value.isFinite else { return }
        if lowest.map({ value < $0.value }) ?? true { lowest = point }
        if highest.map({ value > $0.value }) ?? true { highest = point }
    }

    /// All points that are kept, in the order in which they were written.
    package var points: [ScalarPoint] { segments.flatMap(\.points.points) }

    /// The same series continued by another one, such as the next event file of a run.
    func followed(by later: Series) -> Series {
        var joined = self
        for segment in later.segments {
            for point in segment.points.points {
                joined.append(
                    step: point.step, time: point.time, value: point.value,
                    attempt: segment.attempt)
            }
        }
        return joined
    }
}
