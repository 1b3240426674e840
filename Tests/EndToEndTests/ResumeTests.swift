import Shared
import TestSupport
import Testing

/// `train resume` and `train watch --keep_alive` on runs of the built programs.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(10)))
struct ResumeTests {
    /// Counts steps, each with its checkpoint, from the newest one on; says what it was told. It waits at
    /// step 12 of the first attempt, and fails there where its arguments say so.
    static let main = """
        import argparse, os, pathlib, sys, time
        from ai_training_utils.monitoring import Monitoring

        def main():
            parser = argparse.ArgumentParser()
            for name in ("dataset", "output", "logs"):
                parser.add_argument(f"--{name}_directory", type=pathlib.Path)
            parser.add_argument("--fail", action="store_true")
            arguments = parser.parse_args()
            output, attempt = arguments.output_directory, os.environ["AI_TRAINING_ATTEMPT"]
            found = [int(name.name[11:]) for name in output.glob("checkpoint-*")]
            begin = max(found, default=0)
            with open(output / "attempts.log", "a") as file:
                file.write(f"{attempt} {os.environ['AI_TRAINING_RESUMED']} {begin}\\n")
            monitoring = Monitoring()
            for step in range(begin + 1, 21):
                monitoring.log_scalar("loss", 1 / step, step)
                if step % 5 == 0:
                    folder = output / f"tmp-{step}"
                    folder.mkdir(exist_ok=True)
                    (folder / "weights").write_text(str(step))
                    folder.rename(output / f"checkpoint-{step}")
                if step == 12 and attempt == "1":
                    (output / "ready").write_text("")
                    if arguments.fail:
                        sys.exit(7)
                    time.sleep(600)
            monitoring.close()

        if __name__ == "__main__":
            main()

        """

    private func with(_ body: (LauncherFixture) async throws -> Void) async throws {
        try await LauncherFixture.with { fixture in
            try fixture.scratch.write(Self.main, to: "code/training_module/main.py")
            try await body(fixture)
        }
    }

    /// Starts `classifier/beer`, waits until its steps and two checkpoints are up, and cuts its power.
    private func preempted(_ fixture: LauncherFixture, _ flags: [String] = []) async throws {
        let started = try await fixture.start("classifier/beer", flags)
        #expect(started.succeeded, "\(started)")
        try await waitForSteps(fixture)
        LostMachine.cut(try fixture.folder() + "/machine")
    }

    private func waitForSteps(_ fixture: LauncherFixture) async throws {
        try await Eventually.holds(within: .seconds(120)) {
            guard let status = try? await fixture.status("classifier/beer")["status"],
                status["progress"]?["step"]?.integer == 12,
                let folder = try? fixture.folder()
            else { return false }
            return exists(folder + "/bucket/output/checkpoint-10/weights")
                && exists(folder + "/bucket/output/ready")
        }
    }

    private func attempts(_ fixture: LauncherFixture) throws -> String {
        let file = try fixture.folder() + "/machine/output/attempts.log"
        return String(decoding: try readFile(file), as: UTF8.self)
    }

    @Test func `a run whose machine lost its power goes on from its newest whole checkpoint`()
        async throws
    {
        try await with { fixture in
            try await preempted(fixture)
            #expect(try await fixture.status("classifier/beer")["state"]?.string == "dead")
            let resumed = try await fixture.train("resume", "classifier/beer")
            #expect(resumed.succeeded, "\(resumed)")
            #expect(
                resumed.output.hasPrefix(
                    "classifier/beer goes on from its checkpoint of step 10: 2 steps lost\n"),
                "\(resumed)")
            let ended = try await fixture.train("wait", "classifier/beer")
            #expect(ended.termination == .exited(0), "\(ended)")
            #expect(try attempts(fixture) == "1 0 0\n2 1 10\n")
            let status = try await fixture.status("classifier/beer")["status"]
            #expect(status?["attempt"]?.integer == 2)
            let again = try await fixture.train("resume", "classifier/beer")
            #expect(again.termination == .exited(1))
            #expect(again.errorOutput.contains("has succeeded: there is nothing left to train"))
            let finished = try await fixture.finish("classifier/beer")
            #expect(finished.output.contains("every byte checked"), "\(finished)")
        }
    }

    @Test func `a run that failed is tried again, and refused while it lives`() async throws {
        try await with { fixture in
            let started = try await fixture.start("classifier/beer", trainer: ["--fail"])
            #expect(started.succeeded, "\(started)")
            let ended = try await fixture.train("wait", "classifier/beer")
            #expect(ended.termination == .exited(7), "\(ended)")
            let resumed = try await fixture.train("resume", "classifier/beer", "--json")
            #expect(resumed.succeeded, "\(resumed)")
            let point = try JSONDecoder().decode(
                JSONValue.self, from: Data(resumed.output.utf8))
            #expect(point["last_step"]?.integer == 12, "\(resumed)")
            #expect(point["checkpoint_step"]?.integer == 10)
            #expect(point["steps_lost"]?.integer == 2)
            let last = try await fixture.train("wait", "classifier/beer")
            #expect(last.termination == .exited(0), "\(last)")
            #expect(try attempts(fixture) == "1 0 0\n2 1 10\n")
        }
    }

    @Test func `what cannot be resumed is refused with the way on`() async throws {
        try await with { fixture in
            let unknown = try await fixture.train("resume", "classifier/beer")
            #expect(unknown.errorOutput.contains("no run classifier/beer is known here"))
            try await preempted(fixture, ["--max_duration", "10m"])
            let job = try fixture.folder() + "/job.json"
            let text = String(decoding: try readFile(job), as: UTF8.self)
            // The same run, started ten minutes earlier.
            var json = try JSONFormat.decode(Job.self, from: Data(text.utf8), name: job)
            json.createdAt -= 600
            try AtomicFile.write(JSONFormat.encode(json), to: job, mode: 0o600)
            let late = try await fixture.train("resume", "classifier/beer")
            #expect(late.termination == .exited(1))
            #expect(late.errorOutput.contains("it counts over all attempts"), "\(late)")
            #expect(late.errorOutput.contains("train start --initial_output classifier/beer"))
            json.createdAt += 600
            try AtomicFile.write(JSONFormat.encode(json), to: job, mode: 0o600)
            #expect(try await fixture.train("resume", "classifier/beer").succeeded)
        }
    }

    @Test func `a watched run is started again each time it loses its machine`() async throws {
        try await with { fixture in
            let started = try await fixture.start("classifier/beer")
            #expect(started.succeeded, "\(started)")
            try await waitForSteps(fixture)
            let watching = try PosixRunner().start(
                fixture.command(["watch", "classifier/beer", "--keep_alive"]))
            LostMachine.cut(try fixture.folder() + "/machine")
            let result = await watching.wait()
            #expect(result.termination == .exited(0), "\(result)")
            for line in [
                "classifier/beer has lost its machine: starting it again\n",
                "classifier/beer goes on from its checkpoint of step 10: 2 steps lost\n",
                "classifier/beer: succeeded: training succeeded\n",
            ] { #expect(result.output.contains(line), "\(result)") }
            #expect(try attempts(fixture) == "1 0 0\n2 1 10\n")
        }
    }
}
