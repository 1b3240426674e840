import Shared
import TestSupport
import Testing

/// Whoever is killed, at whatever moment: the run ends as it should, whole, and the machine goes off.
@Suite(.timeLimit(.minutes(20)), .serialized) struct KillMatrixTests {
    /// Trains thirty steps with a second process beside it, and goes on from its newest checkpoint.
    private static let main = """
        import os, pathlib, subprocess, sys, time
        out = pathlib.Path(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"])
        home = pathlib.Path(os.environ["HOME"])
        rank = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(900)"])
        for name, pid in [("rank", rank.pid), ("trainer", os.getpid()), ("keeper", os.getppid())]:
            (home / "pid.new").write_text(str(pid))
            os.rename(home / "pid.new", home / name)
        done = max([int(p.name[5:]) for p in out.glob("step-*") if p.name[5:].isdigit()], default=0)
        for step in range(done + 1, 31):
            time.sleep(0.02)
            while step == 12 and not (home / "on").exists():
                time.sleep(0.01)
            if rank.poll() is not None:
                sys.exit("a rank is lost")
            if step % 5 == 0:
                (out / "new").write_text(f"{step} " * 2000)
                os.rename(out / "new", out / f"step-{step}")
        rank.kill()
        rank.wait()

        """

    private static let seed =
        ProcessInfo.processInfo.environment["TRAIN_CHAOS_SEED"].flatMap { UInt64($0) }
        ?? .random(in: 0 ... .max)

    @Test(arguments: Blow.drawn(seed: seed))
    func `a run survives`(blow: Blow) async throws {
        var random = SeededRandom(seed: Self.seed)
        let delay = Duration.milliseconds(
            blow.isLater ? Int.random(in: 5...300, using: &random) : 0)
        try await AgentFixture.with(
            main: Self.main, files: ["install.sh": "sleep 0.2\n"],
            change: {
                $0.powerOff = [parentDirectory($0.directories.code) + "/power-off"]
                $0.maxRestarts = 1
            }
        ) { fixture in
            try prepare(fixture)
            if blow.phase == .restore { try await trainElsewhere(fixture) }
            try AtomicFile.write(Data(), to: fixture.root.path + "/on")
            let end = try await strike(blow, after: delay, fixture)
            #expect(end == .exited(0) || blow.victim == .agentTerminated, "\(end)")
            try expectWhole(fixture, after: blow)
            try await expectNobodyLeft(fixture)
        }
    }

    private func prepare(_ fixture: AgentFixture) throws {
        let script = "#!/bin/sh\necho off >> \(fixture.root.path)/off\n"
        try AtomicFile.write(
            Data(script.utf8), to: fixture.root.path + "/power-off", mode: 0o755)
        for number in 1...100 {
            try AtomicFile.write(
                Data("\(number)".utf8), to: "\(fixture.root.path)/dataset/\(number).csv")
        }
    }

    /// Trains on a machine that is gone afterwards, so that the next one has something to restore.
    private func trainElsewhere(_ fixture: AgentFixture) async throws {
        let agent = try fixture.start()
        try await Eventually.holds {
            (try? fixture.manifest())?.files.contains { $0.path == "output/step-10" } == true
        }
        kill(agent.pid, SIGKILL)
        _ = await agent.wait()
        MarkedProcesses.end(MarkedProcesses.trainer, fixture.job.directories.work)
        try FileManager.default.removeItem(atPath: fixture.job.directories.work)
        for name in ["rank", "trainer", "keeper"] {
            try FileManager.default.removeItem(atPath: "\(fixture.root.path)/\(name)")
        }
    }

    /// Runs the agent to its end, as often as it takes, and strikes once.
    private func strike(
        _ blow: Blow, after delay: Duration, _ fixture: AgentFixture
    ) async throws -> Termination {
        var agent = try fixture.start()
        try await reached(blow, fixture)
        try await Task.sleep(for: delay)
        switch blow.victim {
        case .agentKilled: kill(agent.pid, SIGKILL)
        case .agentTerminated: kill(agent.pid, SIGTERM)
        case .agentFrozen:
            kill(agent.pid, SIGSTOP)
            try await Task.sleep(for: .milliseconds(700))
            kill(agent.pid, SIGCONT)
        case .trainerKilled: kill(try pid("trainer", fixture), SIGKILL)
        case .rankKilled: kill(try pid("rank", fixture), SIGKILL)
        case .keeperKilled: kill(try pid("keeper", fixture), SIGKILL)
        }
        var end = await agent.wait().termination
        if blow.victim == .agentKilled, blow.phase < .finalSync {
            #expect(end == .signalled(SIGKILL))
        }
        // systemd starts again whatever a signal ended.
        if case .signalled = end {
            agent = try fixture.start()
            end = await agent.wait().termination
        }
        return end
    }

    /// Waits for the phase, and for the process that is to be struck.
    private func reached(_ blow: Blow, _ fixture: AgentFixture) async throws {
        let marks = [
            "\"phase\":\"\(blow.phase.rawValue)\"", "\"kind\":\"phase_started\"",
            "\"attempt\":\(blow.phase == .restore ? 2 : 1)",
        ]
        try await Eventually.holds(every: .milliseconds(1)) {
            let events = (try? readFile(fixture.job.work.events)) ?? Data()
            let hasBegun = String(decoding: events, as: UTF8.self).split(separator: "\n").contains {
                line in marks.allSatisfy(line.contains)
            }
            return hasBegun && (blow.victim.isAgent || (try? pid("keeper", fixture)) != nil)
        }
    }

    private func pid(_ name: String, _ fixture: AgentFixture) throws -> Int32 {
        let text = String(decoding: try readFile("\(fixture.root.path)/\(name)"), as: UTF8.self)
        return try #require(Int32(text))
    }

    private func expectWhole(_ fixture: AgentFixture, after blow: Blow) throws {
        let outcome = try #require(try fixture.status().outcome)
        let isStopped = blow.victim == .agentTerminated && outcome.kind == .stopped
        #expect(
            outcome.kind == .succeeded || isStopped, "\(outcome.kind): \(outcome.message)")
        let manifest = try fixture.manifest()
        #expect(manifest.final)
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.output).sorted()
        let listed = manifest.files.map(\.path).filter { $0.hasPrefix("output/") }
        if !isStopped {
            #expect(names == (1...6).map { "step-\($0 * 5)" }.sorted())
            #expect(listed.sorted() == names.map { "output/" + $0 })
        }
        for name in names where name.hasPrefix("step-") {
            let own = try readFile(fixture.output + "/" + name)
            #expect(fixture.inBucket("output/" + name) == String(decoding: own, as: UTF8.self))
        }
        let offs = (try? readFile(fixture.root.path + "/off"))?.count { $0 == 0x0A } ?? 0
        // An agent that was struck while it turned the machine off cannot know how far it came.
        #expect(blow.phase == .powerOff ? (1...2).contains(offs) : offs == 1, "\(offs) times off")
    }

    /// Everything that a run starts has the agent's home in its environment.
    private func expectNobodyLeft(_ fixture: AgentFixture) async throws {
        var left: [pid_t] = []
        // What was killed takes a moment to go.
        for _ in 1...100 {
            left = MarkedProcesses.pids("HOME", fixture.root.path)
            if left.isEmpty { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        let commands = left.map { pid in
            String(
                decoding: (try? readFile("/proc/\(pid)/cmdline")) ?? Data(), as: UTF8.self)
        }
        #expect(left.isEmpty, "\(commands)")
    }
}
