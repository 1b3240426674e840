import Shared

/// Where every minute of a run's machines went; the parts add up to their time.
struct Receipt: Sendable, Equatable {
    /// What a machine did; the definitions follow those of Google's ml-goodput-measurement.
    enum Part: String, CaseIterable, Sendable, Encodable {
        case trained, setUp, data, redone, checkpoints, finalSync, idle

        var title: String {
            switch self {
            case .trained: "trained and kept"
            case .setUp: "set-up"
            case .data: "waiting for data"
            case .redone: "trained, then done again"
            case .checkpoints: "writing checkpoints"
            case .finalSync: "final sync"
            case .idle: "idle"
            }
        }
    }

    private(set) var seconds: [Part: Double] = [:]
    /// Of all machines together.
    private(set) var total = 0.0
    /// In the user's currency, for an hour of one machine; nil if it is not known.
    let hourlyPrice: Double?

    /// - Parameters:
    ///   - series: of the run, for what was done again after a restart and what checkpoints took.
    ///   - hourlyPrice: of one machine.
    init(_ timeline: PhaseTimeline, series: [Series], hourlyPrice: Double?) {
        self.hourlyPrice = hourlyPrice.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        for machine in timeline.machines { add(machine) }
        total = seconds.values.reduce(0, +)
        move(Self.redone(timeline, series), from: .trained, to: .redone)
        move(Self.checkpoints(series), from: .trained, to: .checkpoints)
    }

    /// Every moment of a machine belongs to one part: to the training where it runs, else to what
    /// the training waits for.
    private mutating func add(_ machine: PhaseTimeline.Machine) {
        let bounds =
            machine.intervals.flatMap { [$0.start, $0.end] } + [machine.start, machine.end]
        let moments = Set(bounds).filter { (machine.start...machine.end).contains($0) }.sorted()
        for (from, to) in zip(moments, moments.dropFirst()) {
            let running = Set(
                machine.intervals.filter { $0.start <= from && $0.end >= to }.map(\.phase))
            seconds[Self.part(of: running), default: 0] += to.timeIntervalSince(from)
        }
    }

    private static func part(of running: Set<Phase>) -> Part {
        if running.contains(.train) { return .trained }
        if running.contains(.finalSync) { return .finalSync }
        let setUp: Set<Phase> = [.prepare, .code, .dependencies, .gpu]
        if !running.isDisjoint(with: setUp) { return .setUp }
        return running.isDisjoint(with: [.dataset, .restore]) ? .idle : .data
    }

    private mutating func move(_ amount: Double, from: Part, to: Part) {
        let moved = min(max(0, amount), seconds[from, default: 0])
        guard moved > 0 else { return }
        seconds[from, default: 0] -= moved
        seconds[to, default: 0] += moved
    }

    /// From the moment at which an attempt passed the step where the next one began, to its end.
    static func redone(_ timeline: PhaseTimeline, _ series: [Series]) -> Double {
        let timed = series.filter { series in
            !series.stepsRepeat && series.segments.count > 1
                && series.segments.allSatisfy { $0.points.points.first?.time != nil }
        }
        guard let best = timed.max(by: { $0.count < $1.count }) else { return 0 }
        var lost = 0.0
        for (earlier, later) in zip(best.segments, best.segments.dropFirst()) {
            let points = earlier.points.points
            guard let first = later.points.points.first, let begun = first.time,
                let passed = points.first(where: { $0.step >= first.step })?.time,
                let last = points.last?.time
            else { continue }
            // The trainer went on until its phase, or the next attempt's first step, ended it.
            let ends = timeline.intervals.filter { $0.phase == .train }
                .map(\.end.timeIntervalSince1970).filter { $0 >= last && $0 <= begun }
            lost += max(0, (ends.min() ?? last) - passed)
        }
        return lost
    }

    /// As far as the observer measured them.
    private static func checkpoints(_ series: [Series]) -> Double {
        let measured = series.first { $0.name == "observer/checkpoint_seconds" }
        return measured?.points.map(\.value).filter { $0.isFinite && $0 > 0 }.reduce(0, +) ?? 0
    }

    /// The parts that took time, in the order of `Part`.
    var rows: [(part: Part, seconds: Double)] {
        Part.allCases.compactMap { part in
            seconds[part].flatMap { $0 > 0 ? (part, $0) : nil }
        }
    }

    func share(_ seconds: Double) -> Double { total > 0 ? seconds / total * 100 : 0 }

    func cost(_ seconds: Double) -> Double? { hourlyPrice.map { $0 * seconds / 3600 } }

    /// `1h2m (2.56): 83 % trained and kept, 17 % set-up`; nil for no time at all.
    var line: String? {
        guard total > 0 else { return nil }
        let parts = rows.map { "\(Int(share($0.seconds).rounded())) % \($0.part.title)" }
        let cost = cost(total).map { " (\(price($0)))" } ?? ""
        return "\(TimeSpan(seconds: total))\(cost): \(parts.joined(separator: ", "))"
    }
}

/// An amount with two decimals.
func price(_ amount: Double) -> String {
    guard amount.isFinite, abs(amount) < 1e13 else { return "unknown" }
    let cents = Int64((amount * 100).rounded())
    let rest = abs(cents % 100)
    return "\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
}
