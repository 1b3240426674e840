import Shared
import TestSupport
import Testing

@Suite struct RetryTests {
    private struct Broken: Error {}

    @Test func `waits grow and stay within the longest`() {
        var retry = Retry()
        retry.random = { 0.999_999 }
        let waits = (1...10).map { retry.wait(before: $0).seconds.rounded() }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
        retry.random = { 0 }
        #expect(retry.wait(before: 3) == .seconds(2))
        #expect(retry.wait(before: 100_000) == .seconds(30))
    }

    @Test func `it tries again until it succeeds`() async throws {
        let clock = ManualClock()
        var retry = Retry()
        retry.clock = clock
        var calls = 0
        let value = try await retry.run(attempts: 5) {
            calls += 1
            if calls < 3 { throw Broken() }
            return calls
        }
        #expect(value == 3)
        #expect(clock.slept.count == 2)
    }

    @Test func `it gives up with the last error`() async throws {
        var retry = Retry()
        retry.clock = ManualClock()
        var calls = 0
        await #expect(throws: Broken.self) {
            try await retry.run(attempts: 3) {
                calls += 1
                throw Broken()
            }
        }
        #expect(calls == 3)
    }

    @Test func `a cancelled task does not try again`() async {
        var retry = Retry()
        retry.clock = ManualClock()
        var calls = 0
        await #expect(throws: CancellationError.self) {
            try await retry.run(attempts: 3) {
                calls += 1
                throw CancellationError()
            }
        }
        #expect(calls == 1)
    }
}
