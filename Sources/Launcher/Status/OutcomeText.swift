import Shared

/// How a run ended, in words: what happened, and for one that did not succeed also why.
struct OutcomeText: Sendable {
    let outcome: Outcome

    init(_ outcome: Outcome) { self.outcome = outcome }

    /// One line: the kind, the message, and the flag that set a limit.
    var line: String {
        let kind = outcome.kind.rawValue.replacing("_", with: " ")
        var text = outcome.message.isEmpty ? kind : "\(kind): \(oneLine(outcome.message))"
        if outcome.kind == .deadline { text += " (the limit is --max_duration)" }
        if outcome.kind == .cost { text += " (the limit is --max_cost)" }
        return text
    }

    /// That and the last line of the log, for a place that has one line alone.
    var lineWithCause: String {
        guard let cause = lastLines.last.map({ String($0.prefix(Self.longestCause)) }),
            !line.contains(cause)
        else { return line }
        return "\(line): \(cause)"
    }

    /// Why it failed: the end of the log that tells, and what to do about it.
    ///
    /// Each line is indented, so that none can pass for one of the command's own.
    var reason: [String] {
        guard outcome.kind != .succeeded else { return [] }
        let lines = lastLines.map { "    | \($0)" }
        return (lines.isEmpty ? [] : ["  its last lines:"] + lines)
            + (outcome.hint.map { ["  hint: \(oneLine($0))"] } ?? [])
    }

    private static let longestCause = 160

    private var lastLines: [String] {
        guard outcome.kind != .succeeded else { return [] }
        return (outcome.lastLines ?? "").split(whereSeparator: \.isNewline).map {
            oneLine(String($0))
        }.filter { !$0.allSatisfy(\.isWhitespace) }
    }
}
