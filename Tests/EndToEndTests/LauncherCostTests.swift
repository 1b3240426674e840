import Shared
import TestSupport
import Testing

/// `--max_cost` from the flag to what `finish` says, with the built programs.
@Suite(.timeLimit(.minutes(5))) struct LauncherCostTests {
    @Test func `a run ends when its cost is spent, and everybody says so`() async throws {
        try await LauncherFixture.with { fixture in
            // An hour costs so much that the cost is five seconds.
            let flags = ["--hourly_price", "3600", "--max_cost", "5", "--wait"]
            let started = try await fixture.start(
                "classifier/beer", flags, trainer: ["--seconds", "100000"])
            #expect(
                started.errorOutput.contains(
                    "at most $5.00: off after 5s at $3600.00 an hour (--max_cost)"),
                "\(started.errorOutput)")
            #expect(!started.succeeded)
            let status = try await fixture.status("classifier/beer")
            #expect(status["status"]?["outcome"]?["kind"] == "cost")
            let list = try await fixture.train("list")
            let words = "cost: what the machine may cost is spent during: "
            #expect(list.output.contains(words), "\(list.output)")
            let finished = try await fixture.finish("classifier/beer")
            let said = finished.output + finished.errorOutput
            #expect(said.contains(words) && said.contains("(the limit is --max_cost)"), "\(said)")
        }
    }
}
