import Shared
import TestSupport
import Testing

/// What is broken off, killed or stopped half-way, with the built programs.
@Suite(.timeLimit(.minutes(10))) struct LauncherBreakTests {
    @Test func `the agent leads a session of its own and outlives the launcher`() async throws {
        try await LauncherFixture.with { fixture in
            let started = try await fixture.start(
                "classifier/beer", trainer: ["--seconds", "60"])
            #expect(started.succeeded, "\(started.errorOutput)")
            let pid = try fixture.agentPid()
            #expect(getsid(pid) == pid)
            try await fixture.training()
            #expect(try await fixture.status("classifier/beer")["state"] == "running")
        }
    }

    @Test func `Ctrl-C typed while watching leaves the run going`() async throws {
        try await LauncherFixture.with { fixture in
            let words = fixture.startWords(
                "classifier/beer", ["--wait"], trainer: ["--seconds", "60"])
            let typing = """
                import os, pty, sys, time
                ready, words = sys.argv[1], sys.argv[2:]
                pid, terminal = pty.fork()
                if pid == 0:
                    os.execv(words[0], words)
                seen, typed = b"", False
                while True:
                    try:
                        piece = os.read(terminal, 65536)
                    except OSError:
                        break
                    if not piece:
                        break
                    seen += piece
                    # Only once the live line says it: a key typed before is the start's.
                    if not typed and b"training" in seen:
                        os.write(terminal, b"\\x03")
                        typed = True
                sys.stdout.buffer.write(seen)
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                """
            var command = fixture.command(words)
            command.arguments = ["-c", typing, "", command.executable] + words
            command.executable = "python3"
            let result = try await PosixRunner().run(command, timeout: .seconds(60))
            #expect(result.termination == .exited(130), "\(result.errorOutput)")
            #expect(result.output.contains("no longer watching; classifier/beer goes on"))
            #expect(!result.output.contains("error:"))
            #expect(result.output.contains("\r\u{1b}[K"))
            #expect(try await fixture.status("classifier/beer")["state"] == "running")
        }
    }

    @Test func `a trainer that ignores SIGTERM is stopped all the same`() async throws {
        try await LauncherFixture.with { fixture in
            _ = try await fixture.start(
                "classifier/beer", trainer: ["--seconds", "600", "--stubborn"])
            try await fixture.training()
            let stopped = try await fixture.train("stop", "classifier/beer")
            #expect(stopped.output.contains("is asked to stop"))
            let finished = try await fixture.finish("classifier/beer", ["--wait"])
            #expect(finished.succeeded, "\(finished.errorOutput)")
            #expect(finished.output.contains("classifier/beer: stopped"))
            #expect(exists(try fixture.collection() + "/output/ready"))
        }
    }

    @Test func `after the agent's sudden death nothing is lost and nobody runs on`() async throws {
        try await LauncherFixture.with { fixture in
            _ = try await fixture.start("classifier/beer", trainer: ["--seconds", "600"])
            try await fixture.training()
            let status = try await Eventually.value {
                let status = try await fixture.status("classifier/beer")["status"]
                return status?["trainer_pid"]?.integer == nil ? nil : status
            }
            let pid = try #require(status["trainer_pid"]?.integer)
            let trainer = try #require(ProcessIdentity(of: Int32(pid)))
            kill(try fixture.agentPid(), SIGKILL)
            try await Eventually.holds {
                try await fixture.status("classifier/beer")["state"] == "dead"
            }
            // Written by the trainer that is still alive, after the last sync there will be.
            let late = try fixture.folder() + "/machine/output/late"
            try AtomicFile.write(Data("late".utf8), to: late)
            let refused = try await fixture.finish("classifier/beer")
            #expect(refused.termination == .exited(1))
            #expect(refused.errorOutput.contains("nothing is destroyed"))
            let forced = try await fixture.finish(
                "classifier/beer", ["--force", "classifier/beer"])
            #expect(forced.succeeded, "\(forced.errorOutput)")
            #expect(!trainer.isAlive)
            #expect(exists(try fixture.collection() + "/unsynced/output/late"))
        }
    }

    @Test func `a finish that is killed again and again ends whole`() async throws {
        try await LauncherFixture.with { fixture in
            let started = try await fixture.start(
                "classifier/beer", ["--wait"], trainer: ["--files", "2000"])
            #expect(started.succeeded, "\(started.errorOutput)")
            let words = ["finish", "classifier/beer", "--destination", fixture.collected]
            var killed = 0
            for delay in [50, 150, 300] {
                let running = try PosixRunner().start(fixture.command(words))
                try await Task.sleep(for: .milliseconds(delay))
                running.send(SIGKILL)
                if await running.wait().termination == .signalled(SIGKILL) { killed += 1 }
            }
            #expect(killed > 0)
            // One of them may have been fast enough to finish.
            if try await !fixture.train("list").output.contains("no run is known") {
                let finished = try await fixture.finish("classifier/beer")
                #expect(finished.succeeded, "\(finished.errorOutput)")
            }
            let scan = try TreeScan(of: try fixture.collection() + "/output")
            #expect(scan.files.count == 2001)
            #expect(scan.files.first { $0.path == "part 9/file-1999" }?.size == 8000)
            #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.runs) == [])
        }
    }
}
