/// Waits that grow: exponential with jitter, so that many machines do not come back as one.
package struct Retry: Sendable {
    package var first: Duration = .seconds(1)
    package var longest: Duration = .seconds(60)
    package var clock: any Clock<Duration> = ContinuousClock()
    /// A number in 0..<1; a test gives its own.
    package var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

    package init() {}

    /// The wait before attempt `attempt` (1 is the first repetition): between half and all of
    /// `first * 2^(attempt-1)`, at most `longest`.
    package func wait(before attempt: Int) -> Duration {
        let full = Swift.min(
            first.seconds * Double(1 << Swift.min(attempt - 1, 30)), longest.seconds)
        return .seconds(full * (0.5 + random() / 2))
    }

    /// Calls `body` until it succeeds, `attempts` are used up or `isWorthwhile` says no.
    ///
    /// - Parameter onFailure: told of each failure that is followed by another attempt.
    /// - Throws: the last error, or `CancellationError`.
    package func run<Result: Sendable>(
        attempts: Int, isWorthwhile: (any Error) -> Bool = { !($0 is CancellationError) },
        onFailure: (any Error, Duration) -> Void = { _, _ in },
        _ body: () async throws -> Result
    ) async throws -> Result {
        var attempt = 1
        while true {
            do {
                return try await body()
            } catch  where attempt < attempts && isWorthwhile(error) {
                let pause = wait(before: attempt)
                onFailure(error, pause)
                try await clock.sleep(for: pause)
                attempt += 1
            }
        }
    }
}
