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
    /// What a caller may act on, without reading text.
    ///
    /// One byte, and no owned field: Swift 6.3.1 miscompiles `try await f() == nil` for an async
    /// function that returns an optional of a larger `Failure` (it destroys a nil one).
    package var reason = Reason.other

    package enum Reason: Sendable {
        case other
        /// A store denied access. IAM grants propagate slowly, so a retry may succeed.
        case accessDenied
        /// The program is not in the child's PATH.
        case notInstalled
        /// posix_spawn(3) refused to start the program.
        case cannotStart
        /// The machine shows another SSH host key than before: somebody may pose as it.
        case hostKeyChanged
        /// The run is in no state from which it could be started again.
        case notResumable
        /// A transfer brought more than its limit; another try would bring the same.
        case tooLarge
    }

    package var isDenied: Bool { reason == .accessDenied }

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

    /// A program that is not in PATH.
    ///
    /// - Parameter purpose: what it is needed for; a sentence's second half.
    package static func notInstalled(
        _ program: String, purpose: String = "or not in PATH", hint: String? = nil
    ) -> Failure {
        var failure = Failure(
            "\(program) is not installed, \(purpose)", hint: hint ?? "install \(program)")
        failure.reason = .notInstalled
        return failure
    }

    /// A program that posix_spawn(3) refused to start, with errno's code.
    package static func cannotStart(_ program: String, code: Int32) -> Failure {
        var failure = Failure("\(program) cannot be started: \(errorText(code))")
        failure.reason = .cannotStart
        return failure
    }

    package var description: String {
        var lines = [summary]
        if let detail, !detail.isEmpty { lines.append(detail) }
        if let hint { lines.append("hint: \(hint)") }
        return lines.joined(separator: "\n")
    }
}
