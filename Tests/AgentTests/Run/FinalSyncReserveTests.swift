import Shared
import TestSupport
import Testing

@testable import Agent

/// How much earlier than its limit a run is asked to stop.
@Suite(.timeLimit(.minutes(2))) struct FinalSyncReserveTests {
    @Test(
        arguments: [
            (nil, nil, 1000, 0), (1_000_000, nil, 1000, 0), (nil, 1e6, 1000, 0),
            (0, 1e6, 1000, 0), (1_000_000, 0, 1000, 0),
            (60_000_000, 1e6, 1000, 60),
            // At most a fifth of the time, and at most half an hour.
            (900_000_000, 1e6, 1000, 200), (900_000_000_000, 1e6, 86_400, 1800),
            (Int64.max, 1e-300, 1e8, 1800),
        ] as [(Int64?, Double?, Double, Double)])
    func `the reserve is what the largest sync would take, bounded`(
        bytes: Int64?, speed: Double?, longest: Double, seconds: Double
    ) {
        var sync = RunStatus.SyncRecord()
        (sync.largestBytes, sync.bytesPerSecond) = (bytes, speed)
        #expect(FinalSyncReserve.seconds(for: sync, longest: longest) == seconds)
    }

    @Test func `a slow store makes the trainer stop before the limit`() async throws {
        for (speed, isStopped) in [(1e6, true), (1e9, false)] {
            let clock = ManualClock()
            try await RunFixture.with(
                clock: clock,
                change: {
                    // 150 s are left of 1000.
                    $0.createdAt = Date() - 850
                    $0.maxDurationSeconds = 1000
                }
            ) { run in
                run.context.board.update {
                    ($0.sync.largestBytes, $0.sync.bytesPerSecond) = (190_000_000, speed)
                }
                let monitor = Task { await DeadlineMonitor().run(run.context) }
                // It has looked: it stops the run, or sleeps to look again.
                try await Eventually.holds {
                    run.context.stop.reason != nil || !clock.slept.isEmpty
                }
                #expect((run.context.stop.reason == .deadline) == isStopped)
                monitor.cancel()
                await monitor.value
            }
        }
    }
}
