import Shared
import TestSupport
import Testing

/// What a trainer closed or renamed while it lived is in the bucket under its own name, however the
/// trainer ends, although no sync ran in between.
@Suite(.timeLimit(.minutes(10))) struct CheckpointTests {
    /// How the trainer ends, as Python. Before an end that is not orderly a closed file must have rested.
    enum Ending: String, CaseIterable, Sendable {
        case exception = "raise RuntimeError('CUDA out of memory')"
        case exit = "sys.exit(1)"
        case killed = "time.sleep(1.5); os.kill(os.getpid(), signal.SIGKILL)"
        case stopped = "time.sleep(1.5); (out / 'ready').touch(); time.sleep(1000)"
    }

    private static let checkpoints = """
        import os, pathlib, signal, sys, time
        out = pathlib.Path(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"])
        (out / "ckpt.pt").write_bytes(b"c" * 100_000)
        (out / "tmp-c1").mkdir()
        (out / "tmp-c1" / "shard0").write_bytes(b"0" * 50_000)
        (out / "tmp-c1" / "index.json").write_text("{}")
        os.rename(out / "tmp-c1", out / "c1")
        (out / "latest.tmp").write_text("c1")
        os.rename(out / "latest.tmp", out / "latest")
        torn = open(out / "torn.pt", "wb", buffering=0)
        torn.write(b"half of it")

        """

    @Test(arguments: Ending.allCases)
    func `closed checkpoints keep their names`(ending: Ending) async throws {
        let main = Self.checkpoints + ending.rawValue + "\n"
        try await AgentFixture.with(
            main: main,
            change: { job in
                // Only the final sync sends anything.
                job.sync.intervalSeconds = 3600
            }
        ) { fixture in
            let agent = try fixture.start()
            if ending == .stopped {
                try await Eventually.holds { exists(fixture.output + "/ready") }
                kill(agent.pid, SIGTERM)
            }
            _ = await agent.wait()
            try fixture.expectEnded(ending == .stopped ? .stopped : .failed)
            let paths = try fixture.manifest().files.map(\.path).filter {
                $0.hasPrefix("output/")
            }
            for name in ["ckpt.pt", "c1/shard0", "c1/index.json", "latest"] {
                #expect(paths.contains("output/" + name), "\(paths)")
            }
            #expect(fixture.inBucket("output/ckpt.pt")?.utf8.count == 100_000)
            #expect(paths.contains("output/torn.pt.partial"), "\(paths)")
            #expect(!paths.contains("output/torn.pt"), "\(paths)")
            if ending == .exception {
                let outcome = try #require(try fixture.status().outcome)
                #expect(outcome.message.contains("RuntimeError: CUDA out of memory"))
            }
        }
    }
}
