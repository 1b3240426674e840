/// Ten milliseconds for each second: for what must really wait for another process or thread.
package struct SlowClock: Clock {
    package typealias Instant = ContinuousClock.Instant
    package var now: Instant { ContinuousClock.now }
    package var minimumResolution: Duration { .nanoseconds(1) }

    package init() {}

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let length = ContinuousClock.now.duration(to: deadline)
        try await ContinuousClock().sleep(for: length / 100)
    }
}
