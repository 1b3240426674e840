import Shared
import TestSupport
import Testing

/// Signals, deadlines and crashes, with real ones.
@Suite(.timeLimit(.minutes(3))) struct AgentStopTests {
    /// Writes a step a moment into `steps.txt`, for ever.
    static let endless = """
        import os, pathlib, signal, sys, time
        out = pathlib.Path(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"])

        """
    static let loop = """
        step = 0
        while True:
            step += 1
            (out / "steps.tmp").write_text(str(step))
            # Longer than a tick of the file system's clock, as the fsync of a real checkpoint is.
            time.sleep(0.02)
            os.rename(out / "steps.tmp", out / "steps.txt")
            time.sleep(0.03)

        """

    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal stops the trainer, syncs and says so`(number: Int32) async throws {
        let main =
            Self.endless + """
                def end(*_):
                    (out / "last.txt").write_text("saved on the way out")
                    sys.exit(0)
                signal.signal(signal.SIGTERM, end)

                """ + Self.loop
        try await AgentFixture.with(main: main) { fixture in
            let running = try fixture.start()
            try await Eventually.holds { exists(fixture.output + "/steps.txt") }
            kill(running.pid, number)
            let result = await running.wait()
            #expect(result.termination == .exited(1))
            try fixture.expectEnded(.stopped)
            #expect(fixture.inBucket("output/last.txt") == "saved on the way out")
        }
    }

    @Test func `a trainer that ignores SIGTERM is killed and its output kept`() async throws {
        let main = Self.endless + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + Self.loop
        try await AgentFixture.with(main: main, change: { $0.graceSeconds = 0.5 }) { fixture in
            let running = try fixture.start()
            try await Eventually.holds { exists(fixture.output + "/steps.txt") }
            kill(running.pid, SIGTERM)
            let result = await running.wait()
            #expect(result.termination == .exited(137))
            try fixture.expectEnded(.stopped)
            #expect(try fixture.status().outcome?.signal == SIGKILL)
            #expect(fixture.inBucket("output/steps.txt").flatMap(Int.init) != nil)
        }
    }

    @Test func `the deadline stops the training`() async throws {
        try await AgentFixture.with(
            main: Self.endless + Self.loop, change: { $0.maxDurationSeconds = 3 }
        ) { fixture in
            // On a slow machine it may pass before the trainer begins; the end is the same.
            let result = await (try fixture.start()).wait()
            #expect(!result.succeeded)
            try fixture.expectEnded(.deadline)
        }
    }

    @Test func `a stop during the set-up never starts the trainer`() async throws {
        try await AgentFixture.with(
            main: "raise SystemExit('never')", files: ["install.sh": "touch begun; sleep 1000\n"]
        ) { fixture in
            let running = try fixture.start()
            try await Eventually.holds { exists(fixture.job.directories.code + "/begun") }
            kill(running.pid, SIGTERM)
            _ = await running.wait()
            try fixture.expectEnded(.stopped)
            #expect(fixture.inBucket("logs/train.log") == nil)
        }
    }

    @Test func `an agent killed by SIGKILL goes on, and the trainer runs once`() async throws {
        let main =
            Self.endless + """
                if os.environ["AI_TRAINING_ATTEMPT"] == "2":
                    (out / "second.txt").write_text((out / "pid.txt").read_text())
                    sys.exit(0)
                (out / "pid.txt").write_text(str(os.getpid()))

                """ + Self.loop
        try await AgentFixture.with(main: main) { fixture in
            let first = try fixture.start()
            try await Eventually.holds { exists(fixture.output + "/steps.txt") }
            kill(first.pid, SIGKILL)
            _ = await first.wait()
            let trainer = try #require(
                Int32(String(decoding: try readFile(fixture.output + "/pid.txt"), as: UTF8.self)))
            let second = await (try fixture.start()).wait()
            #expect(second.termination == .exited(0))
            #expect(kill(trainer, 0) != 0, "the first trainer still runs")
            try fixture.expectEnded(.succeeded)
            #expect(try fixture.status().attempt == 2)
            #expect(fixture.inBucket("output/second.txt") == String(trainer))
        }
    }

    @Test func `a run that is over is not trained again`() async throws {
        let main = Self.endless + "with (out / 'n').open('a') as f: f.write('x')\n"
        try await AgentFixture.with(main: main) { fixture in
            #expect(await (try fixture.start()).wait().termination == .exited(0))
            #expect(await (try fixture.start()).wait().termination == .exited(0))
            try fixture.expectEnded(.succeeded)
            #expect(fixture.inBucket("output/n") == "x")
        }
    }

    @Test func `a new machine restores, goes on and keeps the history`() async throws {
        let main =
            Self.endless + """
                with (out / 'n').open('a') as f: f.write(os.environ["AI_TRAINING_ATTEMPT"])
                if os.environ["AI_TRAINING_ATTEMPT"] == "2": sys.exit(0)

                """ + Self.loop
        try await AgentFixture.with(main: main) { fixture in
            let first = try fixture.start()
            try await Eventually.holds {
                (try? fixture.manifest())?.files.contains { $0.path == "output/n" } == true
            }
            // The machine is gone with its disk, in the middle of everything.
            let trainer = fixture.machineStatus()?.trainerPid
            kill(first.pid, SIGKILL)
            _ = await first.wait()
            if let trainer { kill(-trainer, SIGKILL) }
            try FileManager.default.removeItem(atPath: fixture.job.directories.work)
            let second = await (try fixture.start()).wait()
            #expect(second.termination == .exited(0), "\(second.errorOutput)")
            try fixture.expectEnded(.succeeded)
            #expect(fixture.inBucket("output/n") == "12")
            #expect(try fixture.status().attempt == 2)
            #expect(fixture.inBucket(BucketLayout.events)?.contains("\"attempt\":1") == true)
        }
    }

    @Test func `two agents never share a work directory`() async throws {
        try await AgentFixture.with(main: Self.endless + Self.loop) { fixture in
            let first = try fixture.start()
            try await Eventually.holds { exists(fixture.output + "/steps.txt") }
            let second = await (try fixture.start()).wait()
            #expect(second.termination == .exited(1))
            #expect(second.errorOutput.contains("another train-agent is running"))
            kill(first.pid, SIGTERM)
            _ = await first.wait()
            try fixture.expectEnded(.stopped)
        }
    }
}
