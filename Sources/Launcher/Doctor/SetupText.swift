import Shared

/// What an administrator runs once, so that others start runs with the fewest rights: printed by
/// `train doctor --print_setup`, which runs none of it.
struct SetupText: Sendable {
    /// A step: what it is for, and its commands.
    struct Step: Sendable {
        var purpose: String
        /// As arguments; printed in the form that a shell reads.
        var commands: [[String]]
    }

    var steps: [Step]
    /// What a start then gives as `--identity`.
    var identity: String

    var text: String {
        let parts = steps.map { step in
            "# \(step.purpose)\n" + step.commands.map { Self.line($0) + "\n" }.joined()
        }
        return parts.joined(separator: "\n")
            + "\n# Runs then start with: train start … --identity \(identity)\n"
    }

    /// One line for a shell. What stands for a value that only the reader knows is in capitals.
    static func line(_ words: [String]) -> String {
        words.map { word in
            word.wholeMatch(of: /[A-Za-z0-9_.,:=\/@+-]+/) != nil
                ? word : "'" + word.replacing("'", with: "'\\''") + "'"
        }.joined(separator: " ")
    }

    /// A document in one line, its keys in a fixed order.
    static func json(_ value: JSONValue) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
