/// A length of time as people type and read it: `90s`, `30m`, `1h30m`, `7d`; a bare number is seconds.
package struct TimeSpan: Sendable, Hashable, CustomStringConvertible {
    /// Ten years; more is a slip of the finger.
    package static let maximumSeconds = 10.0 * 365 * 86_400

    /// What a flag wants, to follow the words "is not".
    package static func expectation(in seconds: ClosedRange<Double>) -> String {
        let least = seconds.lowerBound > 0 ? "above 0 and " : ""
        let most = TimeSpan(seconds: seconds.upperBound)
        return "a length of time \(least)of at most \(most), such as 90, 90s, 30m, 1h30m or 7d"
    }

    private static let units: [(letter: Character, seconds: Double)] = [
        ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]

    package var seconds: Double

    package init(seconds: Double) { self.seconds = seconds }

    /// Reads seconds without a unit, or units in falling order, each at most once; nil for all else.
    package init?(_ text: String) {
        var total = 0.0
        var rest = text[...]
        var units = Self.units[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            guard let number = Double(digits) else { return nil }
            if rest.isEmpty, digits.count == text.count {
                total = number
                break
            }
            guard let letter = rest.popFirst(),
                let place = units.firstIndex(where: { $0.letter == letter })
            else { return nil }
            total += number * units[place].seconds
            units = units[(place + 1)...]
        }
        guard total <= Self.maximumSeconds else { return nil }
        seconds = total
    }

    /// The two largest units: `2h5m`, `3m20s`, `45s`; `0s` for less than a second.
    package var description: String {
        guard seconds.isFinite else { return "for ever" }
        var rest = Int64(min(max(seconds, 0), Self.maximumSeconds * 100).rounded())
        var words: [String] = []
        for unit in Self.units {
            let size = Int64(unit.seconds)
            let count = rest / size
            rest %= size
            if count > 0 { words.append("\(count)\(unit.letter)") }
            // Only the two largest units: the seconds of a day do not matter.
            if words.count == 2 || (words.count == 1 && count == 0) { break }
        }
        return words.isEmpty ? "0s" : words.joined()
    }
}
