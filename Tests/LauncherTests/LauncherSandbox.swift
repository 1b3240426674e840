import Shared
import TestSupport

@testable import Launcher

/// A laptop of its own for one test: state, code and data in a scratch directory.
struct LauncherSandbox: Sendable {
    let scratch: Scratch
    let heard = CapturedConsole()
    /// Those of the samples that train.
    let machines = SampleMachines()
    var context: Context

    init(environment: [String: String] = [:]) throws {
        scratch = try Scratch()
        var surroundings = [
            "XDG_STATE_HOME": scratch.path + "/state", "HOME": scratch.path,
            "TRAIN_PIP_WHEEL": "none",
        ]
        surroundings.merge(environment) { $1 }
        context = Context(
            console: heard.console, environment: surroundings, terminal: .plain,
            executableDirectory: parentDirectory(OwnProgram.path()),
            interrupts: { AsyncStream { _ in } })
        try scratch.write("def main():\n    pass\nmain()\n", to: "code/training_module/main.py")
        try scratch.write("1,2\n", to: "data/beer.csv")
    }

    var code: String { scratch.path + "/code" }
    var data: String { scratch.path + "/data" }
    var collected: String { scratch.path + "/collected" }

    /// `train …`; the exit code.
    func train(_ words: String...) async -> Int32 { await train(words) }

    func train(_ words: [String]) async -> Int32 {
        await Launcher.program(context).run(words, console: heard.console)
    }

    /// `train start` of the code here with these more words.
    func start(_ words: [String]) async -> Int32 {
        await train(
            [
                "start", "classifier/beer", "--cloud", "local", "--code_path", code,
                "--dataset_bucket", data,
            ] + words)
    }

    /// The plan of a run of the code here, for the agent of this build.
    func plan(name: String = "classifier") throws -> Plan {
        let run = try RunName(
            cloud: "local", projectName: "local", codeName: name, datasetName: "beer")
        let folder = try context.state.folder(of: run)
        var training = TrainingOptions()
        training.grace = TimeSpan(seconds: 1)
        return Plan(
            run: run, code: try CodeTree(directory: code), gitCommit: nil,
            entry: .module("training_module.main"), training: training, secrets: [:],
            dataset: .directory(data), output: try StoreURL(parsing: folder.bucket),
            agent: AgentExecutable(path: BuiltProducts.agent), access: StoreAccess())
    }

    var cloud: LocalCloud { LocalCloud(runner: context.runner, clock: context.clock) }

    /// Starts the agent of a plan.
    @discardableResult
    func begin(_ plan: Plan) async throws -> RunHandle {
        try await Start(context: context).make(
            plan, on: cloud, steps: Steps(context.progress(), clock: context.clock))
    }

    /// Makes the code here a training that is `ready` and then waits to be stopped.
    func writeWaitingTrainer() throws {
        try scratch.write(
            """
            import pathlib, sys, time

            def main():
                where = sys.argv[sys.argv.index("--output_directory") + 1]
                pathlib.Path(where, "ready").touch()
                time.sleep(1000)

            main()

            """, to: "code/training_module/main.py")
    }

    /// Waits until the agent of a run has ended.
    func ended(_ begun: RunHandle) async throws {
        try await Eventually.holds { begun.record.agent?.isAlive != true }
    }

    /// The one folder in the destination.
    func collection() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: collected)
        return collected + "/" + (names.first ?? "nothing")
    }
}
