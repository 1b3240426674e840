import Shared
import TestSupport
import Testing

/// `train start`, training, `train finish`, with the built programs on the local cloud.
@Suite(.timeLimit(.minutes(10))) struct LauncherRoadTests {
    @Test func `the whole road leaves the output here and nothing else`() async throws {
        try await LauncherFixture.with { fixture in
            let started = try await fixture.start(
                "classifier/beer", ["--wait"], trainer: ["--files", "3"])
            #expect(started.succeeded, "\(started.errorOutput)")
            #expect(started.output.contains("classifier/beer: succeeded"))
            #expect(started.errorOutput.contains("✓ training"))
            let finished = try await fixture.finish("classifier/beer")
            #expect(finished.succeeded, "\(finished.errorOutput)")
            #expect(finished.output.contains("every byte checked"))
            let place = try fixture.collection()
            #expect(
                try readFile(place + "/output/part 2/file-2") == Data("1,2\n1,2\n1,2\n".utf8))
            for file in ["logs/train.log", "run/manifest.json", "run/status.json"] {
                #expect(exists(place + "/" + file), "\(file)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.runs) == [])
            let again = try await fixture.finish("classifier/beer")
            #expect(again.termination == .exited(1))
            #expect(again.errorOutput.contains("is finished already"))
        }
    }

    @Test(
        arguments: [
            (["--exit", "3"], [:], 3 as Int32, "failed", "logs/train.log"),
            ([], ["install.sh": "exit 1\n"], 125, "setup failed", "logs/setup.log"),
            (
                [], ["requirements.txt": "no-such-package==9\n"], 125, "setup failed",
                "logs/setup.log"
            ),
        ] as [([String], [String: String], Int32, String, String)])
    func `a run that fails says so and its logs come home`(
        trainer: [String], files: [String: String], exit: Int32, word: String, log: String
    ) async throws {
        try await LauncherFixture.with(files: files) { fixture in
            let started = try await fixture.start(
                "classifier/beer", ["--wait", "--env", "PIP_NO_INDEX=1"], trainer: trainer)
            #expect(started.termination == .exited(exit), "\(started.errorOutput)")
            #expect(started.output.contains("classifier/beer: \(word)"))
            let finished = try await fixture.finish("classifier/beer")
            #expect(finished.succeeded, "\(finished.errorOutput)")
            #expect(exists(try fixture.collection() + "/" + log))
        }
    }

    @Test func `five thousand files come home, each checked`() async throws {
        try await LauncherFixture.with { fixture in
            let started = try await fixture.start(
                "classifier/beer", ["--wait"], trainer: ["--files", "5000"])
            #expect(started.succeeded, "\(started.errorOutput)")
            let finished = try await fixture.finish("classifier/beer", ["--json"])
            let json = try JSONDecoder().decode(
                JSONValue.self, from: Data(finished.output.utf8))
            #expect(json["verified"] == .bool(true))
            #expect((json["files"]?.integer ?? 0) > 5000)
            let scan = try TreeScan(of: try fixture.collection() + "/output")
            #expect(scan.files.count == 5001)
        }
    }

    @Test func `two runs go side by side and are told apart`() async throws {
        try await LauncherFixture.with { fixture in
            for name in ["run-1/beer", "run-10/beer"] {
                let started = try await fixture.start(name, trainer: ["--seconds", "60"])
                #expect(started.succeeded, "\(started.errorOutput)")
            }
            let same = try await fixture.start("run-1/beer")
            #expect(same.termination == .exited(1))
            #expect(same.errorOutput.contains("run-1/beer is alive already"))
            let stopped = try await fixture.finish("run-1/beer", ["--stop"])
            #expect(stopped.succeeded, "\(stopped.errorOutput)")
            #expect(stopped.output.contains("run-1/beer: stopped"))
            #expect(try await fixture.status("run-10/beer")["state"] == "running")
        }
    }

    @Test func `a secret reaches the trainer and nothing that is written or seen`() async throws {
        try await LauncherFixture.with { fixture in
            let started = try await fixture.start(
                "classifier/beer", ["--env", "TOKEN"], trainer: ["--seconds", "60"])
            #expect(started.succeeded, "\(started.errorOutput)")
            try await fixture.training()
            let processes = try await PosixRunner().output(
                of: Command("ps", ["axww", "-o", "args"]))
            #expect(processes.contains("training_module.main"))
            #expect(!processes.contains("hunter2"))
            let folder = try fixture.folder()
            let finished = try await fixture.finish("classifier/beer", ["--stop"])
            for text in [
                started.output, started.errorOutput, finished.output, finished.errorOutput,
            ] {
                #expect(!text.contains("hunter2"))
            }
            let place = try fixture.collection()
            #expect(
                String(decoding: try readFile(place + "/logs/train.log"), as: UTF8.self)
                    .contains("token has 7 letters"))
            for file in try TreeScan(of: place).files {
                let text = String(decoding: try readFile(file.source), as: UTF8.self)
                #expect(!text.contains("hunter2"), "\(file.path)")
            }
            #expect(!exists(folder))
        }
    }

    @Test func `an agent that needs other libraries is refused with the way to build it`()
        async throws
    {
        try await LauncherFixture.with { fixture in
            let started = try await fixture.start(
                "classifier/beer", ["--agent_path", "/bin/sh"])
            #expect(started.termination == .exited(1))
            #expect(started.errorOutput.contains("not statically linked"))
            #expect(
                started.errorOutput.contains("swift build -c release --product train-agent"))
            #expect(!exists(fixture.runs))
        }
    }
}
