import Shared
import TestSupport
import Testing

/// What a person at a terminal sees of `train-agent run`, `status` and `stop`.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(5)))
struct AgentForegroundTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write("1,2\n", to: "data/beer.csv")
        try scratch.write(
            """
            import os, sys, time
            def main():
                print("trained a step", flush=True)
                while os.path.exists("\(scratch.path)/go-on"): time.sleep(0.05)
                sys.exit(3)
            main()

            """, to: "code/training_module/main.py")
    }

    private func agent(_ words: [String]) -> Command {
        var command = Command(BuiltProducts.agent, words)
        command.environment = ["HOME": scratch.path, "XDG_STATE_HOME": nil]
        return command
    }

    private func run(_ name: String) -> Command {
        agent([
            "run", "--code_path", scratch.path + "/code", "--module", "training_module.main",
            "--dataset_directory", scratch.path + "/data",
            "--output_directory", "\(scratch.path)/\(name)/output",
            "--logs_directory", "\(scratch.path)/\(name)/logs",
            "--store", "\(scratch.path)/\(name)/store", "--grace_seconds", "1",
        ])
    }

    private func isTraining(_ name: String) -> Bool {
        let data = try? readFile("\(scratch.path)/\(name)/logs/train.log")
        return data.map { String(decoding: $0, as: UTF8.self).contains("a step") } ?? false
    }

    @Test func `the trainer's output is shown once, and stands once in the log`() async throws {
        let result = try await PosixRunner().run(run("one"))
        #expect(result.termination == .exited(3))
        #expect(result.output == "trained a step\n")
        #expect(!result.errorOutput.contains("trained a step"))
        let log = try readFile(scratch.path + "/one/logs/train.log")
        #expect(String(decoding: log, as: UTF8.self) == "trained a step\n")
    }

    @Test func `two runs side by side are shown and stopped one by one`() async throws {
        try scratch.write("", to: "go-on")
        let (one, two) = (
            try PosixRunner().start(run("one")), try PosixRunner().start(run("two"))
        )
        try await Eventually.holds { isTraining("one") && isTraining("two") }

        let status = try await PosixRunner().output(of: agent(["status"]))
        for (name, pid) in [("one", one.pid), ("two", two.pid)] {
            #expect(status.contains("agent: process \(pid), trainer: process "))
            #expect(status.contains("output: \(scratch.path)/\(name)/output\n"))
            #expect(status.contains("tail -f \(scratch.path)/\(name)/logs/train.log"))
        }

        let both = try await PosixRunner().run(agent(["stop"]))
        #expect(both.termination == .exited(2))
        #expect(both.errorOutput.contains("--work_directory "))

        let store = scratch.path + "/one/store"
        let stop = try await PosixRunner().run(agent(["stop", "--store", store]))
        #expect(stop.succeeded, "\(stop.errorOutput)")
        #expect(stop.output.contains("stopped: stopped by SIGTERM"))
        // It has ended by then, and its output is up.
        #expect(try manifest(store).final)
        _ = await one.wait()
        #expect(kill(two.pid, 0) == 0)

        #expect(try await PosixRunner().run(agent(["stop"])).succeeded)
        _ = await two.wait()
        let none = try await PosixRunner().run(agent(["stop"]))
        #expect(none.termination == .exited(1))
    }

    @Test func `the trainer of an agent that was killed can be stopped`() async throws {
        try scratch.write("", to: "go-on")
        let running = try PosixRunner().start(run("one"))
        try await Eventually.holds { isTraining("one") }
        running.send(SIGKILL)
        _ = await running.wait()
        let status = try await PosixRunner().output(of: agent(["status"]))
        #expect(status.contains("its trainer runs on behind process"))
        let stop = try await PosixRunner().run(agent(["stop"]))
        #expect(stop.termination == .exited(1))
        #expect(stop.errorOutput.contains("train-agent run again"))
        let after = try await PosixRunner().output(of: agent(["status"]))
        #expect(!after.contains("runs on behind"))
    }

    @Test func `a second run in the same place is told where it can run`() async throws {
        try scratch.write("", to: "go-on")
        let running = try PosixRunner().start(run("one"))
        try await Eventually.holds { isTraining("one") }
        let second = try await PosixRunner().run(run("one"))
        #expect(second.termination == .exited(1))
        #expect(second.errorOutput.contains("another --work_directory"))
        running.send(SIGTERM)
        _ = await running.wait()
    }

    private func manifest(_ store: String) throws -> Manifest {
        let path = store + "/" + BucketLayout.manifest
        return try JSONFormat.decode(Manifest.self, from: readFile(path), name: path)
    }
}
