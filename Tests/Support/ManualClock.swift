import Synchronization

/// A clock that moves only when a test, or a sleep on it, moves it.
///
/// A sleep returns at once and advances the time by what was asked, so back-off is tested in no
/// time; `slept` tells what was waited for. A sleep with a tolerance is a time limit: it ends once
/// other sleeps have taken the time past it, or with its task.
package final class ManualClock: Clock {
    package struct Instant: InstantProtocol, Sendable {
        package var offset: Duration
        package func advanced(by duration: Duration) -> Instant {
            Instant(offset: offset + duration)
        }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let state = Mutex<(now: Instant, slept: [Duration])>((Instant(offset: .zero), []))

    private let limits = Mutex<
        [(deadline: Instant, reached: AsyncStream<Void>.Continuation)]
    >([])

    package init() {}

    package var now: Instant { state.withLock { $0.now } }
    package var minimumResolution: Duration { .nanoseconds(1) }
    package var slept: [Duration] { state.withLock { $0.slept } }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        guard tolerance == nil else { return try await wait(until: deadline) }
        // Whoever polls must let others run.
        await Task.yield()
        try Task.checkCancellation()
        state.withLock { state in
            state.slept.append(state.now.duration(to: deadline))
            state.now = max(state.now, deadline)
        }
        limits.withLock { limits in
            for limit in limits where limit.deadline <= now { limit.reached.finish() }
            limits.removeAll { $0.deadline <= now }
        }
    }

    private func wait(until deadline: Instant) async throws {
        let (stream, reached) = AsyncStream.makeStream(of: Void.self)
        limits.withLock { $0.append((deadline, reached)) }
        if deadline <= now { reached.finish() }
        for await _ in stream {}
        try Task.checkCancellation()
    }
}
