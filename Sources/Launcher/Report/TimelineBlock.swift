import Shared

/// Phases and attempts as bars over time, without a script.
struct TimelineBlock {
    private let timeline: PhaseTimeline
    private static let mostIntervals = 500

    init(_ timeline: PhaseTimeline) { self.timeline = timeline }

    var html: String {
        guard let start = timeline.start, let end = timeline.end, end > start else { return "" }
        let whole = end.timeIntervalSince(start)
        func percent(_ moment: Date) -> Double {
            let share = moment.timeIntervalSince(start) / whole * 100
            return (min(100, max(0, share)) * 100).rounded() / 100
        }
        var html = "<h2>Timeline</h2>\n"
        let intervals = timeline.intervals.prefix(Self.mostIntervals)
        for phase in Set(intervals.map(\.phase)).sorted() {
            html += "<div class=\"lane\"><span>\(HTML.text(phase.title))</span>"
            html += "<div class=\"track\">"
            for interval in intervals where interval.phase == phase {
                let left = percent(interval.start)
                let width = max(0, percent(interval.end) - left)
                let words =
                    "attempt \(interval.attempt), "
                    + "\(TimeSpan(seconds: interval.end.timeIntervalSince(interval.start)))"
                    + (interval.isOpen ? ", its end is not known" : "")
                html += "<i class=\"p\(Self.color(of: phase))\" title=\"\(HTML.text(words))\" "
                html += "style=\"left:\(left)%;width:\(width)%\"></i>"
            }
            html += "</div></div>\n"
        }
        let machines = counted(timeline.machines.count, "machine")
        return html + "<p class=\"faint\">\(start.formatted(.iso8601)) to "
            + "\(end.formatted(.iso8601)), \(machines)</p>\n"
    }

    /// As the receipt colours the part that the phase belongs to.
    private static func color(of phase: Phase) -> Int {
        switch phase {
        case .train: 0
        case .dataset, .restore: 2
        case .finalSync: 5
        case .powerOff, .finished, .unknown: 6
        case .prepare, .code, .dependencies, .gpu: 1
        }
    }
}
