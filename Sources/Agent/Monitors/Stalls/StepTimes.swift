import Shared

/// How long steps take: a histogram, so that a month of them costs no more than an hour.
struct StepTimes: Sendable {
    /// In seconds; a shorter step counts as one of this.
    private static let shortest = 0.001
    /// For each factor of ten; a bucket's bounds are 12 % apart.
    private static let perDecade = 20.0
    /// Up to a hundred thousand seconds.
    private var buckets = [Double](repeating: 0, count: 161)
    private(set) var count = 0.0

    /// - Parameters:
    ///   - seconds: of each of them.
    ///   - count: how many steps.
    mutating func add(_ seconds: Double, count: Double) {
        guard count > 0, seconds.isFinite else { return }
        let place = log10(max(seconds, Self.shortest) / Self.shortest) * Self.perDecade
        buckets[min(buckets.count - 1, Int(place))] += count
        self.count += count
    }

    /// In seconds, at most 12 % above the true one; zero without steps.
    var percentile99: Double {
        var above = count * 0.01
        for index in buckets.indices.reversed() where buckets[index] > 0 {
            above -= buckets[index]
            if above < 0 { return Self.shortest * pow(10, Double(index + 1) / Self.perDecade) }
        }
        return 0
    }
}
