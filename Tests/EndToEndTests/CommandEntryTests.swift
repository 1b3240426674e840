import Shared
import TestSupport
import Testing

/// `--command`: programs that were not written for this engine, run as they are.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(5)))
struct CommandEntryTests {
    /// A parser that refuses a flag it does not know, as all usual ones do.
    private static let argparse = """
        import argparse, os, sys
        parser = argparse.ArgumentParser()
        parser.add_argument("--data-path", required=True)
        parser.add_argument("--results-dir", default="results")
        parser.add_argument("--resume")
        args = parser.parse_args()
        os.makedirs(args.results_dir, exist_ok=True)
        data = open(os.path.join(args.data_path, "beer.csv")).read()
        with open(os.path.join(args.results_dir, "model.txt"), "a") as file:
            file.write(f"{data.strip()} resume={args.resume} attempt={os.environ['AI_TRAINING_ATTEMPT']}\\n")
        sys.exit(int(os.environ.get("EXIT_" + os.environ["AI_TRAINING_ATTEMPT"], "0")))

        """

    @Test func `an argparse program trains unchanged, and goes on where it was`() async throws {
        let line =
            "python train.py --data-path {dataset_directory} --results-dir \"{output_directory}\" "
            + "{if_resumed: --resume={output_directory}/model.txt}"
        try await AgentFixture.with(
            main: "", files: ["train.py": Self.argparse],
            change: { job in
                job.code.entry = .command(CommandTemplate(line))
                job.environment = ["EXIT_1": "3"]
                job.maxRestarts = 1
            }
        ) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.succeeded, "\(result.errorOutput)")
            try fixture.expectEnded(.succeeded)
            let output = fixture.output
            #expect(
                fixture.inBucket("output/model.txt") == """
                    1,2,3 resume=None attempt=1
                    1,2,3 resume=\(output)/model.txt attempt=2

                    """)
            let capsule = fixture.inBucket(BucketLayout.capsule)
            #expect(
                capsule?.contains("\"command\" : \"python train.py --data-path {dataset_") == true)
        }
    }

    @Test func `an attempt that left nothing is not gone on with`() async throws {
        let line = "test $AI_TRAINING_ATTEMPT != 1 && echo a {if_resumed: b} > {output_directory}/x"
        try await AgentFixture.with(
            main: "",
            change: { job in
                job.code.entry = .command(CommandTemplate(line))
                job.maxRestarts = 1
            }
        ) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.succeeded, "\(result.errorOutput)")
            #expect(fixture.inBucket("output/x") == "a\n")
        }
    }

    @Test func `a program with words of its own kind gets its paths from the environment`()
        async throws
    {
        // As hydra's users write it: key=value, and a variable of the shell's own.
        let program = """
            import os, sys
            given = dict(word.split("=", 1) for word in sys.argv[1:])
            os.chdir(given["hydra.run.dir"])
            open("model.txt", "w").write(given["data"] + given["lr"])

            """
        let line =
            "LR=0.1; python src/train.py hydra.run.dir=$AI_TRAINING_OUTPUT_DIRECTORY/a "
            + "data=$AI_TRAINING_DATASET_DIRECTORY lr=${LR} | cat; exit ${PIPESTATUS[0]}"
        try await AgentFixture.with(
            main: "",
            files: [
                "src/train.py": program, "install.sh": "mkdir -p $AI_TRAINING_OUTPUT_DIRECTORY/a\n",
            ],
            change: { $0.code.entry = .command(CommandTemplate(line)) }
        ) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.succeeded, "\(fixture.inBucket("logs/train.log") ?? "no log")")
            let dataset = fixture.job.directories.dataset
            #expect(fixture.inBucket("output/a/model.txt") == dataset + "0.1")
        }
    }

    /// torchrun gives each worker a session of its own, and a shell stands before it.
    @Test func `a stop reaches workers in sessions of their own behind the shell`() async throws {
        let worker = """
            import os, signal, sys, time
            def end(number, frame):
                open(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"] + f"/saved-{sys.argv[1]}", "w").write("x")
                time.sleep(0.7)  # what a process group has to tear down
                sys.exit(0)
            signal.signal(signal.SIGTERM, end)
            open(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"] + f"/ready-{sys.argv[1]}", "w").write(str(os.getpid()))
            while True: time.sleep(0.1)

            """
        let launcher = """
            import subprocess, sys
            workers = [
                subprocess.Popen([sys.executable, "worker.py", str(n)], start_new_session=True)
                for n in range(2)
            ]
            for worker in workers: worker.wait()

            """
        try await AgentFixture.with(
            main: "", files: ["worker.py": worker, "launch.py": launcher],
            change: {
                $0.code.entry = .command(
                    CommandTemplate("echo starting; python launch.py; echo done"))
            }
        ) { fixture in
            let running = try fixture.start()
            try await Eventually.holds {
                (0..<2).allSatisfy { exists(fixture.output + "/ready-\($0)") }
            }
            running.send(SIGTERM)
            _ = await running.wait()
            try fixture.expectEnded(.stopped)
            #expect(fixture.inBucket("output/saved-0") == "x")
            #expect(fixture.inBucket("output/saved-1") == "x")
            for number in 0..<2 {
                let pid = fixture.inBucket("output/ready-\(number)").flatMap { Int32($0) }
                #expect(kill(try #require(pid), 0) != 0, "worker \(number) lives on")
            }
        }
    }

    @Test func `the launcher and the agent by hand take the same line`() async throws {
        let line =
            "python train.py --data-path {dataset_directory} --results-dir {output_directory}"
        try await LauncherFixture.with(files: ["train.py": Self.argparse]) { fixture in
            let started = try await fixture.start("classifier/beer", ["--command", line, "--wait"])
            #expect(started.succeeded, "\(started.errorOutput)")
            #expect(try await fixture.finish("classifier/beer").succeeded)
            let model = "1,2 resume=None attempt=1\n"
            #expect(try readFile(fixture.collection() + "/output/model.txt") == Data(model.utf8))

            var command = fixture.command(
                [
                    "run", "--code_path", "code", "--dataset_directory", "data", "--command", line,
                ])
            command.executable = BuiltProducts.agent
            let byHand = try await PosixRunner().run(command)
            #expect(byHand.succeeded, "\(byHand.errorOutput)")
            #expect(fixture.scratch.read("output/model.txt") == model)
        }
    }

    @Test func `a code's file that names a command is announced before anything is made`()
        async throws
    {
        let line = "python train.py --data-path {dataset_directory} --results-dir {output_dir}"
        try await LauncherFixture.with(
            files: ["train.py": Self.argparse, "train.json": "{\"command\": \"\(line)\"}"]
        ) { fixture in
            let shown = try await fixture.start("classifier/beer", ["--dry_run"])
            #expect(shown.succeeded, "\(shown.errorOutput)")
            #expect(shown.output.contains("\"command\" : \"\(line)\""))
            #expect(shown.errorOutput.contains("from train.json: command '\(line)'"))
            #expect(
                shown.errorOutput.contains(
                    "note: --command: {output_dir} is no placeholder and stays as it is; "
                        + "did you mean {output_directory}?"))
        }
    }
}
