import Shared
import TestSupport
import Testing

/// A laptop with code and data, and the built launcher on it.
struct LauncherFixture {
    let scratch: Scratch

    /// Trains for as long and ends with the status that its arguments say.
    static let main = """
        import argparse, os, pathlib, signal, sys, time

        def main():
            parser = argparse.ArgumentParser()
            for name in ("dataset", "output", "logs"):
                parser.add_argument(f"--{name}_directory", type=pathlib.Path)
            parser.add_argument("--seconds", type=float, default=0)
            parser.add_argument("--exit", type=int, default=0)
            parser.add_argument("--files", type=int, default=1)
            parser.add_argument("--stubborn", action="store_true")
            arguments = parser.parse_args()
            if arguments.stubborn:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            data = (arguments.dataset_directory / "beer.csv").read_text()
            for number in range(arguments.files):
                folder = arguments.output_directory / f"part {number % 10}"
                folder.mkdir(exist_ok=True)
                (folder / f"file-{number}").write_text(data * (number + 1))
            print("token has", len(os.environ.get("TOKEN", "")), "letters", flush=True)
            (arguments.output_directory / "ready").write_text("")
            time.sleep(arguments.seconds)
            sys.exit(arguments.exit)

        if __name__ == "__main__":
            main()

        """

    /// Runs `body`; whatever is still alive after it is killed.
    static func with<Result>(
        files: [String: String] = [:], _ body: (LauncherFixture) async throws -> Result
    ) async throws -> Result {
        let fixture = LauncherFixture(scratch: try Scratch())
        for (name, text) in files.merging(
            ["training_module/main.py": main], uniquingKeysWith: { $1 })
        {
            try fixture.scratch.write(text, to: "code/" + name)
        }
        try fixture.scratch.write("1,2\n", to: "data/beer.csv")
        do {
            let result = try await body(fixture)
            await fixture.killAll()
            return result
        } catch {
            await fixture.killAll()
            throw error
        }
    }

    var collected: String { scratch.path + "/collected" }
    var runs: String { scratch.path + "/state/train/runs" }

    /// `train …` as a value.
    func command(_ words: [String]) -> Command {
        var command = Command(BuiltProducts.launcher, words)
        command.environment = [
            "XDG_STATE_HOME": scratch.path + "/state", "HOME": scratch.path,
            "TRAIN_PIP_WHEEL": "none", "TOKEN": "hunter2",
        ]
        command.workingDirectory = scratch.path
        return command
    }

    func train(_ words: String...) async throws -> CommandResult {
        try await PosixRunner().run(command(words))
    }

    /// The argv of `train start`; `trainer` goes behind the two dashes.
    func startWords(_ name: String, _ flags: [String] = [], trainer: [String] = []) -> [String] {
        [
            "start", name, "--cloud", "local", "--code_path", "code", "--dataset_bucket", "data",
            "--sync_interval_seconds", "1", "--grace_seconds", "1",
        ] + flags + ["--"] + trainer
    }

    func start(
        _ name: String, _ flags: [String] = [], trainer: [String] = []
    ) async throws -> CommandResult {
        try await PosixRunner().run(command(startWords(name, flags, trainer: trainer)))
    }

    func finish(_ name: String, _ flags: [String] = []) async throws -> CommandResult {
        try await PosixRunner().run(
            command(["finish", name, "--destination", collected] + flags))
    }

    /// What `train status --json` says.
    func status(_ name: String) async throws -> JSONValue {
        let result = try await train("status", name, "--json")
        return try JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8))
    }

    /// The folder of a run's state, of which there is one.
    func folder() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: runs)
        return runs + "/" + (try #require(names.first))
    }

    /// Waits until the trainer has written its output.
    func training() async throws {
        let file = try folder() + "/machine/output/ready"
        try await Eventually.holds { exists(file) }
    }

    func agentPid() throws -> Int32 {
        let record = try readFile(try folder() + "/run.json")
        let json = try JSONDecoder().decode(JSONValue.self, from: record)
        return Int32(try #require(json["agent"]?["pid"]?.integer))
    }

    /// The one folder that `finish` made.
    func collection() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: collected)
        #expect(names.count == 1)
        return collected + "/" + (try #require(names.first))
    }

    private func killAll() async {
        let list = try? await train("list", "--json")
        let runs = try? JSONDecoder().decode(
            [JSONValue].self, from: Data((list?.output ?? "").utf8))
        for run in runs ?? [] {
            guard let code = run["run"]?["code_name"]?.string,
                let dataset = run["run"]?["dataset_name"]?.string
            else { continue }
            let name = "\(code)/\(dataset)"
            _ = try? await train("finish", name, "--force", name)
        }
    }
}

extension JSONValue {
    subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
}
