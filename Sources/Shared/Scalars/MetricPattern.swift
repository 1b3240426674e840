/// `--metric NAME=REGEX`: a series from lines of the log that no built-in pattern reads.
///
/// The first group is the value, or the one called `value`; one called `step` is the step.
package struct MetricPattern: Sendable, CustomStringConvertible {
    package let name: String
    package let expression: String
    private let pattern: LinePattern

    package static let expectation =
        "NAME=REGEX with a group around the number, such as 'loss=loss: ([0-9.]+)'"

    /// - Returns: nil where the text is no name and expression with a group.
    package init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), text.utf8.count <= LinePattern.longest,
            let pattern = LinePattern(String(text[text.index(after: equals)...])),
            !pattern.groups.isEmpty
        else { return nil }
        name = String(text[..<equals])
        expression = String(text[text.index(after: equals)...])
        self.pattern = pattern
        guard !name.isEmpty, name.utf8.count <= LogLine.longestName,
            !name.unicodeScalars.contains(where: \.steersTerminal)
        else { return nil }
    }

    package var description: String { "\(name)=\(expression)" }

    /// Looks for the pattern in the lines of one log, for as long as that stays cheap.
    ///
    /// A capsule from a bucket names patterns too, and its log can be made for them: what costs far
    /// more than patterns do gives no values any more.
    struct Matcher {
        let name: String
        private let pattern: LinePattern
        private var budget = 1_000_000

        /// Steps of the program for each byte of a line; `loss: ([0-9.]+)` needs 4.
        private static let perByte = 64

        init(_ pattern: MetricPattern) { (name, self.pattern) = (pattern.name, pattern.pattern) }

        mutating func value(in line: String) -> (value: Double, step: Int64?)? {
            guard budget > 0 else { return nil }
            var work = 0
            let found = pattern.firstMatch(in: line, work: &work)
            budget = min(1_000_000, budget + Self.perByte * line.utf8.count) - work
            guard let found else { return nil }
            func group(_ isMeant: (String?) -> Bool) -> String? {
                pattern.groups.firstIndex(where: isMeant).flatMap { found[$0] }
            }
            guard let text = group({ $0 == "value" }) ?? group({ $0 != "step" }) else { return nil }
            var scanner = ByteScanner(Array(text.utf8))
            guard let value = scanner.number(), scanner.isAtEnd else { return nil }
            let step = group { $0 == "step" }.flatMap { Int64($0) }
            return (value, step.flatMap { abs($0) < 1 << 50 ? $0 : nil })
        }
    }
}
