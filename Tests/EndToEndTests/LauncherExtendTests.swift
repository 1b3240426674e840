import Shared
import TestSupport
import Testing

/// `train extend` on a run of the built programs.
@Suite(.timeLimit(.minutes(5))) struct LauncherExtendTests {
    @Test func `a run gets more time, and none beyond its cost`() async throws {
        try await LauncherFixture.with { fixture in
            let flags = ["--max_duration", "1h", "--max_cost", "4", "--hourly_price", "2"]
            let started = try await fixture.start(
                "classifier/beer", flags, trainer: ["--seconds", "100000"])
            #expect(started.succeeded, "\(started.errorOutput)")
            let more = try await fixture.train("extend", "classifier/beer", "--by", "30m")
            #expect(more.succeeded, "\(more.errorOutput)")
            #expect(more.output.contains("the longest time is 1h30m now"), "\(more.output)")
            let most = try await fixture.train("extend", "classifier/beer", "--max_duration", "3h")
            #expect(most.termination == .exited(1))
            #expect(most.output.contains("--max_cost of the start allows 2h at most"))
            let none = try await fixture.train("extend", "classifier/beer")
            #expect(none.termination == .exited(2))
            #expect(none.errorOutput.contains("--max_duration or --by"))
        }
    }
}
