import Shared
import TestSupport
import Testing

/// Signals, deadlines and crashes, with real ones.
@Suite(.timeLimit(.minutes(10))) struct AgentStopTests {
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

    /// It answers once, as the driver did when the machine was new, and then never again.
    @Test func `an nvidia-smi that hangs delays no end of a run`() async throws {
        try await AgentFixture.with(main: Self.endless + Self.loop) { fixture in
            let pid = fixture.root.path + "/hanging"
            let tool = """
                [ -e \(fixture.root.path)/asked ] || { touch \(fixture.root.path)/asked
                echo 'NVIDIA L4, 550.54.15, 23034'; exit 0; }
                trap '' TERM; echo $$ > \(pid).new; mv \(pid).new \(pid)
                while :; do sleep 0.1; done
                """
            let running = try fixture.start(tools: ["nvidia-smi": tool])
            let text = try await Eventually.value { try? readFile(pid) }
            let hanging = try #require(Int32(String(decoding: text, as: UTF8.self).dropLast()))
            try await Eventually.holds { exists(fixture.output + "/steps.txt") }
            // A machine that dies now has its capsule, but for that tool's answer.
            try await Eventually.holds { fixture.machineStatus()?.phase == .train }
            #expect(exists(fixture.job.work.capsule))
            kill(running.pid, SIGTERM)
            try await Eventually.holds { (try? fixture.manifest().final) == true }
            #expect(kill(hanging, 0) == 0, "the final sync waited for nvidia-smi")
            _ = await running.wait()
            kill(hanging, SIGKILL)
            try fixture.expectEnded(.stopped)
            #expect(fixture.inBucket(BucketLayout.capsule)?.contains("ended_at") == true)
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

    /// The limit counts from the run's creation: another machine, an hour later, gets no time anew.
    @Test func `a machine that comes after the limit trains no more`() async throws {
        try await AgentFixture.with(
            main: "raise SystemExit('never')",
            change: {
                $0.createdAt -= 3600
                $0.cost = CostLimit(amount: 1, hourlyPrice: 2)
                $0.maxDurationSeconds = 1800
            }
        ) { fixture in
            _ = await (try fixture.start()).wait()
            try fixture.expectEnded(.cost)
            #expect(fixture.inBucket("logs/train.log") == nil)
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

    /// Keeps the time of each step, and the longest pause between two.
    private static let steady = """
        (out / "pids.txt").open("a").write(f"{os.getpid()}\\n")
        last, longest, step = time.monotonic(), 0.0, 0
        while not (out / "end").exists():
            step += 1
            time.sleep(0.01)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
            (out / "steps.tmp").write_text(f"{step} {longest}")
            os.rename(out / "steps.tmp", out / "steps.txt")
        sys.exit(int((out / "end").read_text()))

        """

    /// How often an agent is killed in one training.
    private static let kills =
        ProcessInfo.processInfo.environment["TRAIN_AGENT_KILLS"].flatMap { Int($0) } ?? 3

    /// At a random step of the training: before the agent has looked around, or long after.
    @Test(arguments: [0, 3] as [Int32])
    func `a killed agent costs the training nothing`(status: Int32) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        try await AgentFixture.with(main: Self.endless + Self.steady) { fixture in
            func step() -> Int {
                let text = (try? readFile(fixture.output + "/steps.txt")) ?? Data()
                return Int(String(decoding: text, as: UTF8.self).split(separator: " ").first ?? "")
                    ?? 0
            }
            for _ in 1...Self.kills {
                let agent = try fixture.start()
                let last = step() + Int.random(in: 1...200, using: &random)
                try await Eventually.holds { step() >= last }
                kill(agent.pid, SIGKILL)
                _ = await agent.wait()
            }
            let before = step()
            try await Eventually.holds { step() > before + 5 }
            // It ends while no agent is there in one case, under the next agent in the other.
            let last = status == 0 ? nil : try fixture.start()
            try AtomicFile.write(Data("\(status)".utf8), to: fixture.output + "/end")
            let agent: any RunningCommand
            if let last {
                agent = last
            } else {
                try await Eventually.holds {
                    fixture.keeperRecord().contains("\"is_over\" : true")
                }
                agent = try fixture.start()
            }
            #expect(await agent.wait().termination == .exited(status))
            try fixture.expectEnded(status == 0 ? .succeeded : .failed)
            #expect(try fixture.status().attempt == 1, "seed \(seed)")
            let outcomes = fixture.inBucket(BucketLayout.events)?.split(separator: "\n").count {
                $0.contains("\"kind\":\"outcome\"")
            }
            #expect(outcomes == 1, "seed \(seed)")
            let pids = String(
                decoding: try readFile(fixture.output + "/pids.txt"), as: UTF8.self)
            #expect(pids.split(separator: "\n").count == 1, "the trainer was started once")
            let steps = try readFile(fixture.output + "/steps.txt")
            let longest = String(decoding: steps, as: UTF8.self).split(separator: " ")
            #expect(Double(longest[1]) ?? 99 < 2, "the training never waited for an agent")
        }
    }

    @Test func `an adopted trainer is stopped like any other`() async throws {
        try await AgentFixture.with(main: Self.endless + Self.loop) { fixture in
            let first = try fixture.start()
            try await Eventually.holds { exists(fixture.output + "/steps.txt") }
            kill(first.pid, SIGKILL)
            _ = await first.wait()
            let second = try fixture.start()
            // Whenever the signal comes: also before the new agent has looked around.
            kill(second.pid, SIGTERM)
            let result = await second.wait()
            if result.termination == .signalled(SIGTERM) {
                // It had not begun to listen; the next one does.
                let third = try fixture.start()
                try await Eventually.holds { fixture.machineStatus()?.agentPid == third.pid }
                kill(third.pid, SIGTERM)
                _ = await third.wait()
            }
            try fixture.expectEnded(.stopped)
        }
    }

    @Test func `what a training printed after it deleted its logs comes back`() async throws {
        let main =
            Self.endless + """
                import shutil
                logs = pathlib.Path(os.environ["AI_TRAINING_LOGS_DIRECTORY"])
                shutil.rmtree(logs)
                logs.mkdir()
                print("printed after it", flush=True)

                """
        try await AgentFixture.with(main: main) { fixture in
            #expect(await (try fixture.start()).wait().termination == .exited(0))
            try fixture.expectEnded(.succeeded)
            #expect(fixture.inBucket("logs/train.log")?.contains("printed after it") == true)
            let warnings = try fixture.status().warnings
            #expect(warnings.contains { $0.contains("deleted its log") }, "\(warnings)")
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
            #expect(trainer != nil)
            MarkedProcesses.end(MarkedProcesses.trainer, fixture.job.directories.work)
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
