/// One child process as a value: an argv, never a shell string.
///
/// A test compares it; a runner runs it. Nothing here may hold a secret that would be logged:
/// `description` prints the argv only, so secrets go into `environment`.
package struct Command: Sendable, Equatable, CustomStringConvertible {
    /// Where a stream goes.
    package enum Output: Sendable, Equatable {
        /// Kept in the result, up to `Command.captureLimit` bytes of its end.
        case capture
        /// Appended to a file: what a long child writes must not wait for us to read it.
        case append(path: String)
        case inherit
        case discard
    }

    package enum Input: Sendable, Equatable {
        case empty
        case data(Data)
        case inherit
    }

    /// Which processes a signal to the command reaches, and whether the terminal's reach it.
    package enum Group: Sendable, Equatable {
        /// A group of its own: a signal reaches all its descendants (the agent's children).
        case own
        /// The launcher's: it keeps the terminal and gets its Ctrl-C (terraform, ssh).
        case inherited
        /// A session of its own: survives the terminal (the local cloud's agent).
        case session
    }

    /// A name, looked up in the child's own PATH, or a path.
    package var executable: String
    package var arguments: [String]
    /// On top of this process's environment; nil removes a name.
    package var environment: [String: String?] = [:]
    package var workingDirectory: String?
    package var input = Input.empty
    package var output = Output.capture
    package var errorOutput = Output.capture
    package var group = Group.own
    /// Ours that the child holds open as long as it lives, from number 3 on: what hangs on them (a
    /// lock, a lease) then lasts as long as either of us.
    package var descriptors: [Int32] = []

    /// The most that is kept of a captured stream; what a listing of 200,000 objects needs.
    package static let captureLimit = 256 << 20

    package init(_ executable: String, _ arguments: [String] = []) {
        self.executable = executable
        self.arguments = arguments
    }

    /// The argv as a person would type it; for messages only, never for a shell.
    package var description: String {
        ([executable] + arguments).map { word in
            let plain = word.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0)
                    || "-_./:=@,+%".unicodeScalars.contains($0)
            }
            return plain && !word.isEmpty ? word : quoted(word)
        }.joined(separator: " ")
    }
}

/// How a process ended.
package enum Termination: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)

    /// Decodes what waitpid(2) gives; the macros for it are not imported into Swift.
    package init(waitStatus status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }

    /// Decodes an exit status as shells give it: 128+n for a process that died by signal n.
    package init(shellStatus status: Int32) {
        self = (129...192).contains(status) ? .signalled(status - 128) : .exited(status)
    }

    package var succeeded: Bool { self == .exited(0) }
}

/// What a finished command left.
package struct CommandResult: Sendable, Equatable {
    package var termination: Termination
    /// Captured stdout; empty where it went elsewhere.
    package var output: String
    /// Captured stderr; empty where it went elsewhere.
    package var errorOutput: String
    /// The runner stopped it since it ran too long.
    package var timedOut: Bool

    package init(
        termination: Termination, output: String = "", errorOutput: String = "",
        timedOut: Bool = false
    ) {
        self.termination = termination
        self.output = output
        self.errorOutput = errorOutput
        self.timedOut = timedOut
    }

    package var succeeded: Bool { termination.succeeded && !timedOut }

    /// The last `count` lines a person should see, stderr first choice, with nothing in them that
    /// steers a terminal: they go into failures, and from there into a status too.
    package func lastLines(_ count: Int) -> String {
        let text = errorOutput.contains { !$0.isWhitespace } ? errorOutput : output
        let lines = text.split(whereSeparator: \.isNewline).suffix(count)
        return harmless(lines.joined(separator: "\n"))
    }
}
