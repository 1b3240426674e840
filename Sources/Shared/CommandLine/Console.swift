/// Where a command's output goes; tests collect it.
///
/// All text passes `harmless`, since no message needs an escape sequence.
package struct Console: Sendable {
    private let writeOutput: @Sendable (String) -> Void
    private let writeError: @Sendable (String) -> Void
    private var isStandard = false

    /// - Parameters:
    ///   - output: writes to stdout.
    ///   - error: writes to stderr.
    package init(
        output: @escaping @Sendable (String) -> Void, error: @escaping @Sendable (String) -> Void
    ) {
        writeOutput = output
        writeError = error
    }

    /// The requested output: stdout.
    package func output(_ text: String) { writeOutput(harmless(text)) }

    /// Messages for a person: stderr.
    package func error(_ text: String) { writeError(harmless(text)) }

    /// Writes to stderr as it is, for a live line: it filters its text and steers the cursor itself.
    package func draw(_ text: String) { writeError(text) }

    /// Whether the reader of stdout has gone: `train logs -f | head` must end.
    package var isOutputClosed: Bool {
        guard isStandard else { return false }
        var entry = pollfd(fd: 1, events: 0, revents: 0)
        return poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLERR | POLLNVAL) != 0
    }

    /// This process's own streams; a closed one swallows what is written.
    package static let standard = {
        var console = Console(output: { write($0, to: 1) }, error: { write($0, to: 2) })
        console.isStandard = true
        return console
    }()

    private static func write(_ text: String, to descriptor: Int32) {
        try? AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: "output")
    }

    /// Prints an error once, its hint last.
    package func report(_ failure: Failure, program: String) {
        var failure = failure
        failure.summary = oneLine(failure.summary)
        failure.hint = failure.hint.map(oneLine)
        error("\(program): error: \(failure)\n")
    }
}
