import Shared
import TestSupport

@testable import Launcher

/// A laptop of its own for one test: state, code and data in a scratch directory.
struct LauncherSandbox: Sendable {
    let scratch: Scratch
    let heard = CapturedConsole()
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

    /// The plan of a run whose agent is a fake one.
    func plan(_ behaviour: FakeAgent.Behaviour, name: String = "classifier") throws -> Plan {
        let run = try RunName(
            cloud: "local", projectName: "local", codeName: name, datasetName: "beer")
        let folder = try context.state.folder(of: run)
        var training = TrainingOptions()
        training.arguments = [behaviour.rawValue]
        training.grace = TimeSpan(seconds: 1)
        return Plan(
            run: run, code: try CodeTree(directory: code), gitCommit: nil,
            entry: .module("training_module.main"), training: training, secrets: [:],
            dataset: .directory(data), output: try StoreURL(parsing: folder.bucket),
            agent: try FakeAgent.write(in: scratch), access: StoreAccess())
    }

    var cloud: LocalCloud { LocalCloud(runner: context.runner, clock: context.clock) }

    /// Starts a run with a fake agent.
    @discardableResult
    func begin(_ plan: Plan) async throws -> RunHandle {
        try await Start(context: context).make(
            plan, on: cloud, steps: Steps(context.progress(), clock: context.clock))
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

extension RunHandle {
    /// Changes what the agent wrote last of a run that has ended.
    func changeStatus(_ body: (inout RunStatus) -> Void) throws {
        let path = folder.machine + "/work/run/status.json"
        var status = try JSONFormat.decode(RunStatus.self, from: readFile(path), name: path)
        body(&status)
        try AtomicFile.write(JSONFormat.encode(status), to: path)
    }

    func changeManifest(_ body: (inout Manifest) -> Void) throws {
        let path = folder.bucket + "/run/manifest.json"
        var manifest = try JSONFormat.decode(Manifest.self, from: readFile(path), name: path)
        body(&manifest)
        try AtomicFile.write(JSONFormat.encode(manifest), to: path)
    }
}
