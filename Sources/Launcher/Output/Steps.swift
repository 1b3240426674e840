import Shared

/// Shows one step after another: what goes on, for how long, and what came of it.
struct Steps: Sendable {
    let line: LiveLine
    let clock: any Clock<Duration>

    init(_ line: LiveLine, clock: any Clock<Duration>) {
        self.line = line
        self.clock = clock
    }

    /// Runs `body`; its text, where it gives one, says what came of it.
    ///
    /// On a terminal the live line shows the time as it passes. In a pipe the step is named when
    /// it begins, so that a log shows where something hangs.
    func run<Result: Sendable>(
        _ title: String, result text: (Result) -> String = { _ in "" },
        _ body: () async throws -> Result
    ) async throws -> Result {
        let started = ContinuousClock.now
        if !line.isInteractive { line.say("  \(title) …") }
        let ticking = Task { [line, clock] in
            // Nothing is written over in a pipe.
            guard line.isInteractive else { return }
            while !Task.isCancelled {
                let passed = TimeSpan(seconds: (ContinuousClock.now - started).seconds)
                line.update("  \(title) … \(passed)")
                try await clock.sleep(for: .milliseconds(250))
            }
        }
        defer { ticking.cancel() }
        let result = try await body()
        ticking.cancel()
        _ = await ticking.result
        line.clear()
        let outcome = text(result)
        let words = outcome.isEmpty ? title : "\(title): \(outcome)"
        if line.isInteractive || !outcome.isEmpty { line.say(.good, words) }
        return result
    }
}
