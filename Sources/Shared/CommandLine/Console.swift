/// Where a command's words go; a test collects them.
package struct Console: Sendable {
    /// What was asked for: stdout.
    package var output: @Sendable (String) -> Void
    /// What a person should notice: stderr.
    package var error: @Sendable (String) -> Void

    package init(
        output: @escaping @Sendable (String) -> Void, error: @escaping @Sendable (String) -> Void
    ) {
        self.output = output
        self.error = error
    }

    /// This process's own streams; a closed one swallows what is written.
    package static let standard = Console(
        output: { write($0, to: 1) }, error: { write($0, to: 2) })

    private static func write(_ text: String, to descriptor: Int32) {
        try? AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: "output")
    }

    /// Prints an error as every program of ours does: once, its hint last.
    package func report(_ failure: Failure, program: String) {
        error("\(program): error: \(failure)\n")
    }
}
