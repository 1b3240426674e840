import Shared
import TestSupport
import Testing

/// `train tune` and `train checkpoint` as a user gives them, on a run of the built programs.
@Suite(.timeLimit(.minutes(10))) struct TuneTests {
    /// Makes steps until it is stopped, and writes down with which values.
    private static let main = """
        import pathlib, time
        from ai_training_utils.checkpoint_request import CheckpointRequest
        from ai_training_utils.hyperparameters import Choice, Float, Hyperparameters
        from ai_training_utils.path_helper import PathHelper
        from ai_training_utils.stop_request import StopRequest

        def main():
            paths = PathHelper().parse_arguments()
            hp = Hyperparameters(rate=1e-3, dropout=Float(0.1, min=0, max=0.9), mode=Choice("a", "b"))
            stop, checkpoint, step = StopRequest(), CheckpointRequest(), 0
            with open(paths.output_directory / "values", "w") as values:
                while not stop:
                    hp.update(step)
                    print(step, hp.rate, hp.dropout, hp.mode, file=values, flush=True)
                    if step == 5:
                        (paths.output_directory / "ready").write_text("")
                    if checkpoint:
                        path = paths.output_directory / f"{step}.pt"
                        path.write_text("weights")
                        checkpoint.saved(path)
                    time.sleep(0.01)
                    step += 1

        if __name__ == "__main__":
            main()

        """

    private func values(_ fixture: LauncherFixture) throws -> [[Substring]] {
        let data = try readFile(try fixture.folder() + "/machine/output/values")
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: " ") }.filter { $0.count == 4 }
    }

    @Test func `values change together at one step, while the training runs`() async throws {
        try await LauncherFixture.with(files: ["tuned/main.py": Self.main]) { fixture in
            let name = "classifier/beer"
            #expect(try await fixture.start(name, ["--module", "tuned.main"]).succeeded)
            try await fixture.training()

            let tuned = try await fixture.train("tune", name, "rate*=0.5", "mode=b")
            #expect(tuned.succeeded, "\(tuned)")
            #expect(tuned.output.contains("mode a -> b, rate 0.001 -> 0.0005"), "\(tuned)")
            let seen = Set(try values(fixture).map { "\($0[1]) \($0[3])" })
            #expect(seen.isSubset(of: ["0.001 a", "0.0005 b"]))
            try await Eventually.holds { (try? values(fixture).last?[3]) == "b" }

            let refused = try await fixture.train("tune", name, "rate=1", "dropout=2")
            #expect(refused.termination == .exited(1))
            #expect(refused.output.contains("dropout must be 0.9 or less, not 2.0"), "\(refused)")
            let stale = try await fixture.train("tune", name, "rate=1", "--expect", "rate=1e-3")
            #expect(stale.output.contains("rate is 0.0005 and not 0.001"), "\(stale)")

            let planned = try await fixture.train(
                "tune", name, "dropout=0.5", "--at_step", "9999999", "--json")
            let answer = try JSONDecoder().decode(JSONValue.self, from: Data(planned.output.utf8))
            #expect(answer["state"]?.string == "scheduled")
            let id = try #require(answer["id"]?.string)
            let list = try await fixture.train("tune", name)
            #expect(list.output.contains("dropout"), "\(list)")
            #expect(list.output.contains("0.0 to 0.9"), "\(list)")
            #expect(list.output.contains(id), "\(list)")
            let withdrawn = try await fixture.train("tune", name, "--withdraw", id)
            #expect(withdrawn.succeeded, "\(withdrawn)")

            let checkpoint = try await fixture.train("checkpoint", name)
            #expect(checkpoint.succeeded, "\(checkpoint)")
            #expect(checkpoint.output.contains(".pt"), "\(checkpoint)")
            #expect(try await fixture.train("stop", name).succeeded)
            #expect(try await fixture.finish(name, ["--wait"]).succeeded)
            let rates = Set(try valuesOfCollected(fixture).map { String($0[1]) })
            #expect(rates == ["0.001", "0.0005"])
            #expect(exists(try fixture.collection() + "/logs/tuning.jsonl"))
        }
    }

    private func valuesOfCollected(_ fixture: LauncherFixture) throws -> [[Substring]] {
        let data = try readFile(try fixture.collection() + "/output/values")
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: " ") }
    }
}
