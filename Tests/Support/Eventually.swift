import Shared

/// Waits for a condition instead of for a time; fails loudly after a limit that is never near.
package enum Eventually {
    package struct TimedOut: Error {}

    /// - Throws: `TimedOut` where it does not hold within `limit`.
    package static func holds(
        within limit: Duration = .seconds(150), every interval: Duration = .milliseconds(20),
        _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < end else { throw TimedOut() }
            try await Task.sleep(for: interval)
        }
    }

    /// The first value that is not nil.
    package static func value<Value>(
        within limit: Duration = .seconds(150), _ body: () async throws -> Value?
    ) async throws -> Value {
        let end = ContinuousClock.now + limit
        while true {
            if let value = try await body() { return value }
            guard ContinuousClock.now < end else { throw TimedOut() }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
