import Shared
import TestSupport
import Testing

/// Every way a run can end, with the built agent, real Python and a directory as bucket.
@Suite(.timeLimit(.minutes(10))) struct AgentOutcomeTests {
    static let writeModel = """
        import argparse, pathlib, time
        parser = argparse.ArgumentParser()
        for name in ("dataset", "output", "logs"):
            parser.add_argument(f"--{name}_directory", type=pathlib.Path)
        arguments, rest = parser.parse_known_args()
        def main():
            data = (arguments.dataset_directory / "beer.csv").read_text()
            temporary = arguments.output_directory / "model.tmp"
            temporary.write_text(data)
            # Longer than a tick of the file system's clock, as the fsync of a real checkpoint is.
            time.sleep(0.02)
            temporary.rename(arguments.output_directory / "model.txt")
            print("trained with", rest)

        """

    @Test func `a training that succeeds is in the bucket, verified`() async throws {
        let main = Self.writeModel + "main()\n"
        try await AgentFixture.with(main: main, change: { $0.code.arguments = ["--epochs", "3"] }) {
            fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(0), "\(result.errorOutput)")
            try fixture.expectEnded(.succeeded)
            #expect(fixture.inBucket("output/model.txt") == "1,2,3\n")
            #expect(
                fixture.inBucket("logs/train.log") == "trained with ['--epochs', '3']\n")
            #expect(fixture.inBucket("run/capsule.json")?.contains("Python 3") == true)
            #expect(try fixture.manifest().files.map(\.path).contains("output/model.txt"))
        }
    }

    @Test(arguments: [
        ("import sys; print('boom'); sys.exit(3)", 3 as Int32, 3 as Int32?, nil as Int32?),
        (
            "import os, signal; f = (arguments.output_directory / 'torn').open('w'); "
                + "f.write('half'); f.flush(); os.kill(os.getpid(), signal.SIGKILL)",
            137, nil, SIGKILL
        ),
        ("raise ValueError('no such beer')", 1, 1, nil),
    ])
    func `a trainer that fails is told from the engine`(
        script: String, exit: Int32, status: Int32?, signal: Int32?
    ) async throws {
        try await AgentFixture.with(main: Self.writeModel + "main()\n" + script + "\n") { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(exit))
            try fixture.expectEnded(.failed)
            let outcome = try #require(try fixture.status().outcome)
            #expect(outcome.exitStatus == status)
            #expect(outcome.signal == signal)
            #expect(outcome.phase == .train)
            if script.hasPrefix("raise") {
                #expect(outcome.message == "the trainer failed: ValueError: no such beer")
            }
            // The output up to the crash is safe.
            #expect(fixture.inBucket("output/model.txt") == "1,2,3\n")
            // What was open at the crash is never taken for whole.
            #expect(fixture.inBucket("output/torn") == nil)
            #expect(fixture.inBucket("output/torn.partial") == (signal == nil ? nil : "half"))
        }
    }

    @Test(arguments: [
        (["requirements.txt": "no-such-package-here==9.9.9\n"], "pip install"),
        (["install.sh": "echo preparing the beer\nexit 1\n"], "install.sh failed (exit status 1)"),
    ])
    func `a set-up that fails says why and leaves its log in the bucket`(
        files: [String: String], message: String
    ) async throws {
        try await AgentFixture.with(
            main: "raise SystemExit('never')", files: files,
            change: { $0.environment = ["PIP_NO_INDEX": "1"] }
        ) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(125))
            try fixture.expectEnded(.setupFailed)
            let outcome = try #require(try fixture.status().outcome)
            #expect(outcome.phase == .dependencies)
            #expect(outcome.message.contains(message), "\(outcome.message)")
            #expect(outcome.lastLines?.isEmpty == false)
            #expect(fixture.inBucket("logs/setup.log")?.isEmpty == false)
            #expect(fixture.inBucket("logs/train.log") == nil)
        }
    }

    @Test func `install.sh runs after requirements.txt and sees the environment`() async throws {
        let script = """
            python -c 'import sys; print(sys.prefix)' > prefix.txt
            echo "$SECRET_TOKEN" > token.txt
            """
        let main = """
            import sys, pathlib
            assert pathlib.Path("prefix.txt").read_text().strip() == sys.prefix
            assert pathlib.Path("token.txt").read_text() == "hush\\n"
            """
        try await AgentFixture.with(
            main: main,
            files: ["install.sh": script, "secrets.json": "{\"SECRET_TOKEN\": \"hush\"}"],
            change: { $0.secrets = $0.directories.code + "/secrets.json" }
        ) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(0), "\(fixture.inBucket("logs/train.log") ?? "")")
            for file in [
                "run/status.json", "run/events.jsonl", "run/capsule.json", "logs/agent.log",
            ] {
                #expect(fixture.inBucket(file)?.contains("hush") == false, "\(file)")
            }
        }
    }

    @Test func `a dataset that is not there ends the run before the training`() async throws {
        try await AgentFixture.with(
            main: "raise SystemExit('never')", change: { $0.dataset = "file:///no/such/place" }
        ) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(125))
            try fixture.expectEnded(.setupFailed)
            #expect(try fixture.status().outcome?.phase == .dataset)
        }
    }

    @Test func `a failed trainer is started again as often as the job says`() async throws {
        let main = """
            import os, pathlib, sys
            out = pathlib.Path(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"]) / "tries.txt"
            with out.open("a") as file: file.write(os.environ["AI_TRAINING_ATTEMPT"])
            sys.exit(0 if len(out.read_text()) == 3 else 9)
            """
        try await AgentFixture.with(main: main, change: { $0.maxRestarts = 2 }) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(0))
            try fixture.expectEnded(.succeeded)
            #expect(fixture.inBucket("output/tries.txt") == "123")
            #expect(try fixture.status().restarts == 2)
        }
    }

    @Test func `the power-off comes last and only where the job says so`() async throws {
        try await AgentFixture.with(
            main: "pass",
            change: { job in
                job.powerOff = [
                    "cp", job.directories.work + "/run/status.json", job.directories.work + "/off",
                ]
            }
        ) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(0))
            #expect(try fixture.manifest().final)
            let off = String(
                decoding: try readFile(fixture.job.directories.work + "/off"), as: UTF8.self)
            #expect(off.contains("\"power_off\""))
        }
    }
}
