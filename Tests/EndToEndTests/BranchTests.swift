import Shared
import TestSupport
import Testing

/// `train branch` and `--initial_output` as a user gives them, on runs of the built programs.
@Suite(.timeLimit(.minutes(10))) struct BranchTests {
    /// A training whose every step follows from the checkpoint, bit for bit. It notes each step with
    /// its value, keeps its checkpoints apart, and rewrites `last.json` with each of them.
    private static let main = """
        import hashlib, json, os, pathlib, time
        from ai_training_utils.hyperparameters import Hyperparameters
        from ai_training_utils.path_helper import PathHelper
        from ai_training_utils.stop_request import StopRequest

        def main():
            paths = PathHelper().parse_arguments()
            hp, stop, step, value = Hyperparameters(rate=1e-3), StopRequest(), 0, "begin"
            output = paths.output_directory
            found = [int(name.name[11:]) for name in output.glob("checkpoint-*")]
            if found:
                state = json.loads((output / f"checkpoint-{max(found)}" / "state.json").read_text())
                step, value = state["step"], state["value"]
            with open(paths.logs_directory / "steps", "a") as steps:
                while not stop and step < 100000:
                    hp.update(step)
                    value = hashlib.sha256(f"{value} {step} {hp.rate!r}".encode()).hexdigest()
                    step += 1
                    print(step, value, hp.rate, file=steps, flush=True)
                    if step % 10 == 0:
                        folder = output / f"writing-{step}"
                        folder.mkdir()
                        (folder / "state.json").write_text(json.dumps({"step": step, "value": value}))
                        (folder / "weights.bin").write_bytes(os.urandom(200000))
                        folder.rename(output / f"checkpoint-{step}")
                        (output / "last.json").write_text(str(step))
                    time.sleep(0.02 if step < 40 else 0.2)

        if __name__ == "__main__":
            main()

        """

    private func with(_ body: (LauncherFixture) async throws -> Void) async throws {
        try await LauncherFixture.with(files: ["branched/main.py": Self.main], body)
    }

    /// Starts `classifier/beer` and waits until two checkpoints are up.
    private func parent(_ fixture: LauncherFixture) async throws {
        let started = try await fixture.start("classifier/beer", ["--module", "branched.main"])
        #expect(started.succeeded, "\(started)")
        try await Eventually.holds(within: .seconds(60)) {
            await steps(fixture).isSuperset(of: [10, 20])
        }
    }

    /// What `train branch` alone lists.
    private func steps(_ fixture: LauncherFixture) async -> Set<Int> {
        guard let result = try? await fixture.train("branch", "classifier/beer", "--json"),
            let json = try? JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8)),
            case .array(let rows) = json
        else { return [] }
        return Set(rows.compactMap { $0["step"]?.integer.map(Int.init) })
    }

    private func folder(of code: String, _ fixture: LauncherFixture) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.runs)
        return fixture.runs + "/" + (try #require(names.first { $0.contains("-\(code)-") }))
    }

    /// Lines of `STEP VALUE RATE`.
    private func noted(_ folder: String) throws -> [[Substring]] {
        let data = try readFile(folder + "/machine/logs/steps")
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: " ") }.filter { $0.count == 3 }
    }

    @Test func `a branch goes on from its step, bit for bit, or with what was changed`()
        async throws
    {
        try await with { fixture in
            try await parent(fixture)
            let alone = try await fixture.train("branch", "classifier/beer")
            #expect(alone.output.hasPrefix("STEP  FILES  SIZE"), "\(alone)")

            let same = try await fixture.train(
                "branch", "classifier/beer", "--at", "10", "--as", "same")
            #expect(same.succeeded, "\(same)")
            let changed = try await fixture.train(
                "branch", "classifier/beer", "--at", "10", "rate=0.5", "--as", "changed")
            #expect(changed.succeeded, "\(changed)")
            let parent = try folder(of: "classifier", fixture)
            let children = try ["same", "changed"].map { try folder(of: $0, fixture) }
            try await Eventually.holds(within: .seconds(60)) {
                children.allSatisfy { ((try? noted($0)) ?? []).count > 2 }
            }
            let expected = try #require(try noted(parent).first { $0[0] == "11" })
            #expect(try noted(children[0]).first == expected)
            let other = try #require(try noted(children[1]).first)
            #expect(other[0] == "11" && other[2] == "0.5" && other[1] != expected[1])

            // Only what was there at the step is there: no later checkpoint, no file rewritten since.
            let bucket = children[0] + "/bucket/output"
            #expect(
                try readFile(bucket + "/checkpoint-10/weights.bin")
                    == readFile(parent + "/bucket/output/checkpoint-10/weights.bin"))
            let job = try JSONFormat.decode(
                Job.self, from: readFile(children[1] + "/job.json"), name: "job")
            #expect(job.parent?.step == 10 && job.parent?.changes == ["rate=0.5"])
            #expect(job.parent?.run?.codeName == "classifier")
            let parentJob = try JSONFormat.decode(
                Job.self, from: readFile(parent + "/job.json"), name: "job")
            #expect(job.code.sha256 == parentJob.code.sha256)
            #expect(try await fixture.status("classifier/beer")["state"] == "running")

            let refused = try await fixture.train(
                "branch", "classifier/beer", "--at", "13", "--as", "no")
            #expect(refused.termination == .exited(1))
            #expect(refused.errorOutput.contains("the nearest is step 10"), "\(refused)")
            let names = try FileManager.default.contentsOfDirectory(atPath: fixture.runs)
            #expect(!names.contains { $0.contains("-no-") })
            _ = try await fixture.train("stop", "changed/beer")
            let finished = try await fixture.finish("changed/beer", ["--wait"])
            #expect(finished.succeeded, "\(finished)")
            let capsule = try JSONFormat.decode(
                Capsule.self, from: readFile(try fixture.collection() + "/run/capsule.json"),
                name: "c")
            #expect(capsule.parent == job.parent)
        }
    }

    @Test func `a checkpoint whose file was replaced is not listed, and refused by name`()
        async throws
    {
        try await with { fixture in
            try await parent(fixture)
            let bucket =
                try folder(of: "classifier", fixture) + "/bucket/output/checkpoint-10/state.json"
            try AtomicFile.write(Data("{}".utf8), to: bucket)
            #expect(await !steps(fixture).contains(10))
            let refused = try await fixture.train("branch", "classifier/beer", "--at", "10")
            #expect(refused.errorOutput.contains("the checkpoint of step 10"), "\(refused)")
            #expect(refused.errorOutput.contains("is not whole any more"))
        }
    }

    @Test func `a collected folder is gone on from, checked byte by byte`() async throws {
        try await with { fixture in
            try await parent(fixture)
            _ = try await fixture.train("stop", "classifier/beer")
            #expect(try await fixture.finish("classifier/beer", ["--wait"]).succeeded)
            let folder = try fixture.collection()
            let words = ["--module", "branched.main", "--initial_output", folder]
            let refused = try await fixture.train("branch", "classifier/beer", "--at", "10")
            #expect(
                refused.errorOutput.contains("train start --initial_output \(folder)"), "\(refused)"
            )

            let started = try await fixture.start("again/beer", words + ["--initial_step", "20"])
            #expect(started.succeeded, "\(started)")
            let child = try self.folder(of: "again", fixture)
            try await Eventually.holds(within: .seconds(60)) {
                !((try? noted(child)) ?? []).isEmpty
            }
            #expect(try noted(child).first?[0] == "21")

            let file = folder + "/output/checkpoint-10/weights.bin"
            var bytes = try readFile(file)
            bytes[bytes.startIndex + 5] ^= 1
            try AtomicFile.write(bytes, to: file)
            let spoilt = try await fixture.start("spoilt/beer", words)
            #expect(spoilt.termination == .exited(1))
            #expect(
                spoilt.errorOutput.contains("1 file of the output is not what the manifest says"),
                "\(spoilt)")
            #expect(
                spoilt.errorOutput.contains("'output/checkpoint-10/weights.bin' differs in content")
            )
        }
    }

    /// Whenever the launcher dies: the child is a run that goes on from the step, or it is none, and
    /// the same call makes it.
    @Test func `a branch that is killed leaves no half run`() async throws {
        let rounds = Int(ProcessInfo.processInfo.environment["TRAIN_BRANCH_KILLS"] ?? "") ?? 3
        try await with { fixture in
            try await parent(fixture)
            let words = ["branch", "classifier/beer", "--at", "10", "--as", "child"]
            // How long a whole one takes, so that the kills fall all over it.
            let clock = ContinuousClock()
            let begun = clock.now
            let first = try await PosixRunner().run(fixture.command(words))
            #expect(first.succeeded, "\(first)")
            let whole = clock.now - begun
            try await removeChild(fixture)
            for round in 1...rounds {
                let running = try PosixRunner().start(fixture.command(words))
                try await clock.sleep(for: whole * round / (rounds + 1))
                kill(running.pid, SIGKILL)
                _ = await running.wait()
                let status = try await fixture.status("child/beer")
                if status["state"] == nil || status["state"] == "starting" {
                    let again = try await PosixRunner().run(fixture.command(words))
                    #expect(again.succeeded, "round \(round): \(again)")
                }
                let child = try folder(of: "child", fixture)
                try await Eventually.holds(within: .seconds(60)) {
                    !((try? noted(child)) ?? []).isEmpty
                }
                #expect(try noted(child).first?[0] == "11", "round \(round)")
                try await removeChild(fixture)
            }
        }
    }

    private func removeChild(_ fixture: LauncherFixture) async throws {
        let removed = try await fixture.train(
            "finish", "child/beer", "--stop", "--discard", "child/beer")
        #expect(removed.succeeded, "\(removed)")
    }
}
