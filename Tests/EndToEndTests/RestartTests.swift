import Shared
import TestSupport
import Testing

/// Trainers that fail, with the built agent and real Python: started again as long as they move on.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(5)))
struct RestartTests {
    /// Goes on from its own checkpoint, and reports its steps by the helper.
    private static let program = """
        import os, pathlib
        from ai_training_utils.monitoring import Monitoring
        state = pathlib.Path(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"]) / "state.txt"
        begin = int(state.read_text()) if state.exists() else 0
        monitoring = Monitoring()

        def train(step):
            monitoring.log_scalar("loss", 1.0 / step, step)
            if step in FAILS:
                monitoring.close()
                raise ValueError("bad batch")
            if step % 2 == 0:
                state.write_text(str(step))

        def main():
            for step in range(begin + 1, 20):
                train(step)

        """

    @Test func `a trainer that moves on is started again more often than the limit`()
        async throws
    {
        // Each start fails once, further on each time.
        let main =
            Self.program + """
                FAILS = {3 * int(os.environ["AI_TRAINING_ATTEMPT"])}
                main()

                """
        try await AgentFixture.with(main: main, change: { $0.maxRestarts = 2 }) { fixture in
            let result = await (try fixture.start()).wait()
            let log = fixture.inBucket("logs/train.log") ?? ""
            #expect(result.termination == .exited(0), "\(log)")
            try fixture.expectEnded(.succeeded)
            #expect(try fixture.status().restarts == 6)
            #expect(try fixture.status().recovery?.step == 18)
            #expect(log.split(separator: "\n").filter { $0 == "ValueError: bad batch" }.count == 6)
        }
    }

    @Test func `one that fails twice at the same step is not started a third time`() async throws {
        let main = Self.program + "FAILS = {3}\nmain()\n"
        try await AgentFixture.with(main: main, change: { $0.maxRestarts = 50 }) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(1))
            try fixture.expectEnded(.failed)
            let status = try fixture.status()
            #expect(status.restarts == 1)
            let message = status.outcome?.message ?? ""
            #expect(message.contains("ValueError: bad batch; it failed twice in a row at step 3"))
            #expect(message.contains("in train)"), "\(message)")
            let events = fixture.inBucket(BucketLayout.events) ?? ""
            #expect(events.contains("started again in 0s (1 of 50 without progress)"))
        }
    }
}
