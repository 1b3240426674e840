/// One value of a series.
package struct ScalarPoint: Sendable, Equatable {
    /// Its place in its series, from 0, over all attempts.
    package var number: Int
    /// What the trainer counts by; where a source has no step, the number.
    package var step: Int64
    /// In seconds since 1970; nil where the source does not say it.
    package var time: Double?
    package var value: Double

    package init(number: Int = 0, step: Int64, time: Double? = nil, value: Double) {
        self.number = number
        self.step = step
        self.time = time
        self.value = value
    }
}

/// Points of which, beyond a limit, each bucket of neighbours keeps its first, least, greatest and
/// last, and its first that is no number: no spike is ever lost, and memory stays bounded.
///
/// Where the buckets would be too many, each two neighbours become one, so a bucket always holds
/// equally many points and a million of them cost one pass.
package struct ThinnedPoints: Sendable {
    private struct Bucket: Sendable {
        var first: ScalarPoint
        var last: ScalarPoint
        var low: ScalarPoint?
        var high: ScalarPoint?
        var odd: ScalarPoint?

        init(_ point: ScalarPoint) {
            (first, last) = (point, point)
            note(point)
        }

        mutating func append(_ point: ScalarPoint) {
            last = point
            note(point)
        }

        private mutating func note(_ point: ScalarPoint) {
            guard point.value.isFinite else {
                odd = odd ?? point
                return
            }
            if low.map({ point.value < $0.value }) ?? true { low = point }
            if high.map({ point.value > $0.value }) ?? true { high = point }
        }

        mutating func merge(_ later: Bucket) {
            last = later.last
            odd = odd ?? later.odd
            if let low = later.low { note(low) }
            if let high = later.high { note(high) }
        }

        /// In order, each once.
        var points: [ScalarPoint] {
            let kept = [first, low, high, odd, last].compactMap { $0 }
                .sorted { $0.number < $1.number }
            return kept.enumerated().compactMap { index, point in
                index > 0 && kept[index - 1].number == point.number ? nil : point
            }
        }
    }

    private var buckets: [Bucket] = []
    /// Points in a full bucket.
    private var width = 1
    /// Points in the last bucket.
    private var filled = 0
    private let capacity: Int
    /// All that were appended.
    package private(set) var count = 0

    /// - Parameter capacity: the most buckets, at least 2; each gives up to five points.
    package init(capacity: Int = 2048) { self.capacity = max(2, capacity) }

    package mutating func append(_ point: ScalarPoint) {
        count += 1
        if filled < width, !buckets.isEmpty {
            buckets[buckets.count - 1].append(point)
            filled += 1
            return
        }
        if buckets.count == capacity { halve() }
        if filled < width, !buckets.isEmpty {
            buckets[buckets.count - 1].append(point)
            filled += 1
        } else {
            buckets.append(Bucket(point))
            filled = 1
        }
    }

    /// The points that are kept, in the order in which they came.
    package var points: [ScalarPoint] { buckets.flatMap(\.points) }

    /// The same in fewer buckets.
    package func reduced(to limit: Int) -> ThinnedPoints {
        var copy = self
        while copy.buckets.count > max(1, limit) { copy.halve() }
        return copy
    }

    private mutating func halve() {
        let isOdd = buckets.count % 2 == 1
        buckets = stride(from: 0, to: buckets.count, by: 2).map { index in
            var bucket = buckets[index]
            if index + 1 < buckets.count { bucket.merge(buckets[index + 1]) }
            return bucket
        }
        // An odd one out is half full now; of a pair the second half may still have had room.
        filled = isOdd ? filled : width + filled
        width *= 2
    }
}
