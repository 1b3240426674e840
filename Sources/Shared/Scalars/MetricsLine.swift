/// One line of `metrics.jsonl` or `observer.jsonl`.
///
/// Our own have `name` and `value`. A line of somebody else's that has a step and numbers under
/// names of their own, as many trainers write it, gives a scalar for each of them.
package struct MetricsLine {
    package private(set) var scalars: [(name: String, value: Double)] = []
    package private(set) var step: Int64?
    /// In seconds since 1970.
    package private(set) var time: Double?
    package private(set) var attempt: Int?

    private static let stepNames: Set<String> = ["step", "global_step", "iteration", "iter"]
    private static let timeNames: Set<String> = ["time", "timestamp", "wall_time"]
    /// A line that is longer is not of this kind.
    package static let longest = 1 << 16

    /// - Parameter needsStep: whether a line of somebody else's counts only with a step in it.
    /// - Returns: nil where the line has no scalar.
    package init?(_ line: ArraySlice<UInt8>, needsStep: Bool = true) {
        guard line.count <= Self.longest, let members = FlatJSON.members(of: line) else {
            return nil
        }
        var name: String?
        var value: Double?
        for (key, given) in members {
            if key == "name", case .string(let text) = given {
                name = text
                continue
            }
            guard let number = Self.number(given) else { continue }
            if key == "value" {
                value = number
            } else if Self.stepNames.contains(key) {
                step = Self.whole(number)
            } else if Self.timeNames.contains(key) {
                time = number.isFinite ? number : nil
            } else if key == "attempt" {
                attempt = Self.whole(number).map { Int($0) }
            } else {
                scalars.append((key, number))
            }
        }
        if let name {
            guard let value else { return nil }
            scalars = [(name, value)]
        } else if step == nil && needsStep {
            return nil
        }
        guard !scalars.isEmpty else { return nil }
    }

    /// JSON has no number for these three: the helper library writes their names.
    private static func number(_ value: FlatJSON.Value) -> Double? {
        switch value {
        case .number(let number): number
        case .string("NaN"): .nan
        case .string("Infinity"): .infinity
        case .string("-Infinity"): -.infinity
        case .string, .word: nil
        }
    }

    private static func whole(_ number: Double) -> Int64? {
        abs(number) < 1e15 ? Int64(number) : nil
    }
}
