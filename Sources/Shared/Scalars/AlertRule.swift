/// `--alert`: when a curve raises an alert: `loss > 5`, `val/accuracy<0.1`, or `nan` for any curve
/// whose value is no number.
package struct AlertRule: Sendable, Equatable, CustomStringConvertible {
    package enum Condition: Sendable, Equatable {
        case notANumber
        case above(name: String, limit: Double)
        case below(name: String, limit: Double)
    }

    package let condition: Condition
    package let description: String

    package static let expectation = "nan, or a curve and its limit such as 'loss > 5'"

    /// - Returns: nil where the text is no rule.
    package init?(_ text: String) {
        let trimmed = text.trimmingSpaces
        description = trimmed
        guard trimmed.lowercased() != "nan" else {
            condition = .notANumber
            return
        }
        guard trimmed.utf8.count <= 200, !trimmed.unicodeScalars.contains(where: \.steersTerminal),
            let sign = trimmed.lastIndex(where: { $0 == "<" || $0 == ">" })
        else { return nil }
        let name = String(trimmed[..<sign]).trimmingSpaces
        let limit = Double(String(trimmed[trimmed.index(after: sign)...]).trimmingSpaces)
        guard !name.isEmpty, let limit, limit.isFinite else { return nil }
        condition =
            trimmed[sign] == ">"
            ? .above(name: name, limit: limit) : .below(name: name, limit: limit)
    }

    /// What of the new values breaks the rule, in words; nil where nothing does.
    package func broken(by fresh: [String: FreshValues]) -> String? {
        switch condition {
        case .notANumber:
            let odd = fresh.sorted { $0.key < $1.key }.first { $0.value.odd != nil }
            return odd.flatMap { name, values in
                values.odd.map { "\(name) is \($0.value)\(Self.place($0))" }
            }
        case .above(let name, let limit):
            return fresh[name]?.highest.flatMap { highest in
                highest.value > limit ? "\(name) is \(highest.value)\(Self.place(highest))" : nil
            }
        case .below(let name, let limit):
            return fresh[name]?.lowest.flatMap { lowest in
                lowest.value < limit ? "\(name) is \(lowest.value)\(Self.place(lowest))" : nil
            }
        }
    }

    private static func place(_ value: FreshValues.Value) -> String {
        value.step.map { " at step \($0)" } ?? ""
    }
}

extension String {
    /// Without the spaces at its two ends.
    package var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
