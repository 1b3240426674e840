import Shared

/// The page's data for its charts: every curve, as compact as its spikes allow.
struct ReportCurves: Encodable {
    /// What one start of the trainer wrote of a curve.
    struct Part: Encodable {
        var attempt: Int
        /// Which run it is of, where several are on a page.
        var label: String?
        /// Steps, each as the difference from the one before.
        var x: [Int64]
        /// nil: no number, which a chart leaves out.
        var y: [Value?]
        /// Tenths of a second, each as the difference from the one before, from `start` on.
        var t: [Int64]?
    }

    /// A number with six significant digits: no chart shows more, and a page is sent by mail.
    struct Value: Encodable {
        var number: Double

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if number.rounded() == number, abs(number) < 1e6 {
                return try container.encode(Int64(number))
            }
            try container.encode(Self.short(number))
        }

        /// Rounded in decimal, so that its shortest text is short.
        static func short(_ number: Double) -> Double {
            guard number != 0, number.isFinite else { return number }
            let digits = 5 - Int(log10(abs(number)).rounded(.down))
            guard (-300...300).contains(digits) else { return number }
            // Divided by a whole power: the quotient is then the nearest to the decimal one.
            let power = pow(10, Double(abs(digits)))
            return digits >= 0
                ? (number * power).rounded() / power : (number / power).rounded() * power
        }
    }

    struct Curve: Encodable {
        var name: String
        var note: String
        /// The element of the page that it stands in.
        var group: String
        /// Of the page's palette.
        var color: Int
        var parts: [Part]
    }

    struct Mark: Encodable {
        var kind: String
        /// In seconds since 1970.
        var time: Double
        var step: Int64?
    }

    /// In seconds since 1970; 0 where the times count from each run's own start.
    var start: Double
    /// The times are lengths, not moments.
    var isRelative: Bool?
    var curves: [Curve]
    var marks: [Mark]

    /// Over all curves of a page: what is left of a million points is below 3 MB.
    static let mostBuckets = 28_000
    private static let mostMarks = 2000

    /// Curves of several runs over each other.
    init(comparing curves: [Curve]) {
        (start, isRelative, marks) = (0, true, [])
        self.curves = curves
    }

    init(_ run: CollectedRun, series: [Series], hardware: [Series], timeline: PhaseTimeline) {
        let all = series + hardware
        let own = series.count
        let times = all.compactMap { $0.points.lazy.compactMap(\.time).first }
        let first = times.min() ?? timeline.start?.timeIntervalSince1970 ?? 0
        start = first
        let buckets = Self.mostBuckets / max(1, all.count)
        curves = zip(all.indices, all).map { index, series in
            Self.curve(
                series, color: index, group: index < own ? "curves" : "hardware",
                buckets: buckets, start: first)
        }
        marks = Self.marks(run.events, StepClock(series))
    }

    static func curve(
        _ series: Series, color: Int, group: String, buckets: Int, start: Double
    ) -> Curve {
        var note = "\(series.source.name) · \(counted(series.count, "value"))"
        if let last = series.last?.value { note += " · last \(digits(last))" }
        if let low = series.lowest?.value, let high = series.highest?.value {
            note += " · \(digits(low)) to \(digits(high))"
        }
        return Curve(
            name: series.name, note: note, group: group, color: color % 6,
            parts: parts(series, buckets: buckets, start: start))
    }

    static func parts(
        _ series: Series, buckets: Int, start: Double, label: String? = nil
    ) -> [Part] {
        let share = max(8, buckets / max(1, series.segments.count))
        return series.segments.enumerated().map { index, segment in
            var part = part(
                segment.points.reduced(to: share).points, attempt: segment.attempt ?? index + 1,
                byNumber: series.stepsRepeat, start: start)
            part.label = label
            return part
        }
    }

    private static func part(
        _ points: [ScalarPoint], attempt: Int, byNumber: Bool, start: Double
    ) -> Part {
        var part = Part(attempt: attempt, x: [], y: [], t: nil)
        var (step, tenth): (Int64, Int64) = (0, 0)
        var times: [Int64] = []
        // A chart's line goes forward: what threads wrote out of order is put in order.
        let sorted = points.sorted { left, right in
            byNumber ? left.number < right.number : left.step < right.step
        }
        for point in sorted {
            let x = byNumber ? Int64(point.number) : point.step
            part.x.append(x &- step)
            step = x
            part.y.append(point.value.isFinite ? Value(number: point.value) : nil)
            guard let time = point.time, abs(time - start) < 1e10 else { continue }
            let now = Int64(((time - start) * 10).rounded())
            times.append(now - tenth)
            tenth = now
        }
        if times.count == part.x.count, !times.isEmpty { part.t = times }
        return part
    }

    private static func marks(_ events: [Event], _ clock: StepClock) -> [Mark] {
        var marks: [Mark] = []
        for event in events {
            let kind: String
            switch event.kind {
            case .restart: kind = "restart"
            case .tuning: kind = "tuning"
            case .sync: kind = "sync"
            case .phaseStarted where event.phase == .train && event.attempt > 1: kind = "restart"
            case .alert: kind = "alert"
            default: continue
            }
            let time = event.time.timeIntervalSince1970
            var step = clock.step(at: time)
            if case .integer(let said)? = event.details?["step"] { step = said }
            marks.append(Mark(kind: kind, time: time, step: step))
        }
        // Of a long run there are mostly syncs; the others are few.
        let others = marks.filter { $0.kind != "sync" }.suffix(mostMarks)
        return others + marks.filter { $0.kind == "sync" }.suffix(mostMarks)
    }
}

/// Which step the training was at when.
struct StepClock {
    private let points: [(time: Double, step: Int64)]

    init(_ series: [Series]) {
        let timed = series.filter {
            !$0.stepsRepeat && $0.segments.first?.points.points.first?.time != nil
        }
        let best = timed.max { $0.count < $1.count }
        points = (best?.points ?? []).compactMap { point in point.time.map { ($0, point.step) } }
            .sorted { $0.0 < $1.0 }
    }

    /// nil before the first step and where no curve says the time.
    func step(at time: Double) -> Int64? {
        guard let first = points.first, time >= first.time else { return nil }
        var (low, high) = (0, points.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if points[middle].time <= time { low = middle } else { high = middle - 1 }
        }
        return points[low].step
    }
}

/// A number as a person reads it, with at most six digits.
func digits(_ number: Double) -> String {
    guard number.isFinite else { return number.isNaN ? "NaN" : number > 0 ? "inf" : "-inf" }
    let text = "\(ReportCurves.Value.short(number))"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
