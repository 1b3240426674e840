/// The exit codes both programs use, and nothing else.
package enum ExitCode: Int32, Sendable {
    case ok = 0
    case failed = 1
    case usage = 2
    /// The set-up failed before the user's code ran (the code of env(1), docker and buildkite).
    case setupFailed = 125

    /// The code of a process that died by `signal`, as every shell reports it.
    package static func signalled(_ signal: Int32) -> Int32 { 128 + signal }
}

/// The one error type a person reads: what went wrong, where, and what to do next.
///
/// Layers below throw their own closed enums or this; `main` prints it once and exits with `exit`.
package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// One line: what went wrong, naming the flag, file or bucket.
    package var summary: String
    /// More lines, such as the last words of a tool. Never a secret.
    package var detail: String?
    /// What to do next.
    package var hint: String?
    package var exit: Int32
    /// A store said that who asked may not. Rights given a moment ago are late: it may pass.
    package var isDenied = false

    package init(
        _ summary: String, detail: String? = nil, hint: String? = nil, exit: ExitCode = .failed
    ) {
        self.init(summary, detail: detail, hint: hint, exitStatus: exit.rawValue)
    }

    package init(_ summary: String, detail: String? = nil, hint: String? = nil, exitStatus: Int32) {
        self.summary = summary
        self.detail = detail
        self.hint = hint
        self.exit = exitStatus
    }

    /// A mistake in what the user typed: exit 2.
    package static func usage(_ summary: String, hint: String? = nil) -> Failure {
        Failure(summary, hint: hint, exit: .usage)
    }

    package var description: String {
        var lines = [summary]
        if let detail, !detail.isEmpty { lines.append(detail) }
        if let hint { lines.append("hint: \(hint)") }
        return lines.joined(separator: "\n")
    }
}
