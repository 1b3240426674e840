import Shared
import TestSupport
import Testing

/// `train-agent run --store` called by hand, and called again.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(3)))
struct AgentByHandTests {
    private let scratch: Scratch
    private var store: String { scratch.path + "/store" }

    init() throws {
        scratch = try Scratch()
        try scratch.write("1,2\n", to: "data/beer.csv")
    }

    /// Each start of the trainer adds a line to its output; `rest` is what it does then.
    private func write(main rest: String) throws {
        try scratch.write(
            """
            import os, sys, time
            def main():
                path = os.environ["AI_TRAINING_OUTPUT_DIRECTORY"] + "/starts.txt"
                had = open(path).read() if os.path.exists(path) else ""
                with open(path + ".new", "w") as file:
                    file.write(had + os.environ["AI_TRAINING_ATTEMPT"] + " ")
                os.rename(path + ".new", path)
                \(rest)
            main()

            """, to: "code/training_module/main.py")
    }

    private func command(_ words: [String] = []) -> Command {
        var command = Command(
            BuiltProducts.agent,
            [
                "run", "--code_path", scratch.path + "/code", "--dataset_directory",
                scratch.path + "/data", "--output_directory", scratch.path + "/output",
                "--logs_directory", scratch.path + "/logs", "--store", store,
                "--sync_interval_seconds", "1", "--grace_seconds", "1",
            ] + words)
        command.environment = ["HOME": scratch.path, "XDG_STATE_HOME": nil]
        return command
    }

    private func status() throws -> RunStatus {
        let path = store + "/" + BucketLayout.status
        return try JSONFormat.decode(RunStatus.self, from: readFile(path), name: path)
    }

    private var starts: String? {
        (try? readFile(store + "/output/starts.txt")).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a failure that is mended trains as the next attempt`() async throws {
        try write(main: "sys.exit(3)")
        #expect(try await PosixRunner().run(command()).termination == .exited(3))
        try write(main: "pass")
        let second = try await PosixRunner().run(command())
        #expect(second.succeeded, "\(second.errorOutput)")
        #expect(starts == "1 2 ")
        #expect(try status().attempt == 2)
        #expect(try status().outcome?.kind == .succeeded)
        // The log went on where it was; the same disk has nothing to restore beside it.
        #expect(!exists(scratch.path + "/logs/train.log.1"))
    }

    @Test func `on another machine it goes on from what the store holds`() async throws {
        let go = scratch.path + "/go"
        try write(
            main: """
                while not os.path.exists("\(go)"): time.sleep(0.1)
                    sys.exit(3)
                """)
        let running = try PosixRunner().start(command())
        // What is in the store before the failure counts as whole.
        try await Eventually.holds { starts == "1 " }
        try scratch.write("", to: "go")
        #expect(await running.wait().termination == .exited(3))
        for name in ["output", "logs", ".local"] {
            try FileManager.default.removeItem(atPath: scratch.path + "/" + name)
        }
        try write(main: "pass")
        let second = try await PosixRunner().run(command())
        #expect(second.succeeded, "\(second.errorOutput)")
        #expect(starts == "1 2 ")
        #expect(try status().attempt == 2)
    }

    @Test func `a stopped training goes on`() async throws {
        try write(main: "time.sleep(600 if had == \"\" else 0)")
        let running = try PosixRunner().start(command())
        try await Eventually.holds { starts == "1 " }
        running.send(SIGINT)
        #expect(await running.wait().termination != .exited(0))
        #expect(try status().outcome?.kind == .stopped)
        let second = try await PosixRunner().run(command())
        #expect(second.succeeded, "\(second.errorOutput)")
        #expect(starts == "1 2 ")
    }

    @Test func `after a success it says that nothing is trained, and what to type`() async throws {
        try write(main: "pass")
        #expect(try await PosixRunner().run(command()).succeeded)
        let before = try readFile(store + "/" + BucketLayout.status)
        let second = try await PosixRunner().run(command())
        #expect(second.termination == .exited(2))
        #expect(second.errorOutput.contains("has succeeded, so nothing is trained"))
        #expect(second.errorOutput.contains("--again"))
        #expect(try readFile(store + "/" + BucketLayout.status) == before)
        #expect(starts == "1 ")
        let third = try await PosixRunner().run(command(["--again"]))
        #expect(third.succeeded, "\(third.errorOutput)")
        #expect(starts == "1 2 ")
    }

    @Test func `another run's store is refused before anything is written`() async throws {
        try write(main: "pass")
        #expect(try await PosixRunner().run(command()).succeeded)
        let before = try await PosixRunner().output(of: Command("find", [store, "-ls"]))
        try scratch.write("def main():\n    pass\nmain()\n", to: "other/training_module/main.py")
        var command = command()
        command.arguments = command.arguments.map {
            $0 == scratch.path + "/code" ? scratch.path + "/other" : $0
        }
        let result = try await PosixRunner().run(command)
        #expect(result.termination == .exited(2))
        #expect(result.errorOutput.contains("holds another run: code/data"))
        #expect(try await PosixRunner().output(of: Command("find", [store, "-ls"])) == before)
    }

    @Test func `a store inside the output is refused before anything is written`() async throws {
        try write(main: "pass")
        var command = command()
        command.arguments = command.arguments.map {
            $0 == store ? scratch.path + "/output/store" : $0
        }
        let result = try await PosixRunner().run(command)
        #expect(result.termination == .exited(2))
        #expect(result.errorOutput.contains("lie in each other"))
        for name in ["output", "logs", ".local"] {
            #expect(!exists(scratch.path + "/" + name))
        }
    }
}
