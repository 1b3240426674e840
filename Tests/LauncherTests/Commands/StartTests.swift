import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct StartTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    @Test func `a start leaves a private folder with job, code and record`() async throws {
        try laptop.scratch.write(
            """
            import os, sys

            def main():
                where = sys.argv[sys.argv.index("--output_directory") + 1]
                open(where + "/token", "w").write(os.environ["TOKEN"])

            main()

            """, to: "code/training_module/main.py")
        var plan = try laptop.plan()
        plan.training.environment = ["COLOUR=red"]
        plan.secrets = ["TOKEN": "hunter2"]
        let begun = try await laptop.begin(plan)
        try await laptop.ended(begun)
        let folder = begun.folder
        var information = stat()
        stat(folder.path, &information)
        #expect(information.st_mode & 0o777 == 0o700)
        stat(folder.secrets, &information)
        #expect(information.st_mode & 0o777 == 0o600)
        let job = try JSONFormat.decode(Job.self, from: readFile(folder.job), name: "job")
        #expect(job.environment == ["COLOUR": "red"])
        #expect(job.code.sha256 == (try SHA256.hex(ofFile: folder.code)))
        #expect(job.dataset == laptop.data)
        #expect(begun.record.stage == .started)
        for file in [folder.job, folder.recordPath, folder.agentOutput] {
            #expect(!String(decoding: try readFile(file), as: UTF8.self).contains("hunter2"))
        }
        #expect(!laptop.heard.errors.contains("hunter2"))
        // The trainer got it, though.
        #expect(try readFile(folder.machine + "/output/token") == Data("hunter2".utf8))
    }

    @Test func `an agent that does not start leaves nothing and says why`() async throws {
        var plan = try laptop.plan()
        plan.agent = AgentExecutable(
            path: try laptop.scratch.write(
                "#!/bin/sh\necho this agent refuses to work >&2\nexit 1\n", to: "broken-agent",
                mode: 0o755))
        let failure = await #expect(throws: Failure.self) { try await laptop.begin(plan) }
        #expect(failure?.detail == "this agent refuses to work")
        #expect(try !laptop.context.state.folder(of: plan.run).exists)
    }

    @Test func `a name that is alive is refused, another one is not`() async throws {
        let begun = try await laptop.sample(.training)
        let failure = await #expect(throws: Failure.self) {
            try await laptop.begin(try laptop.plan())
        }
        #expect(failure?.summary.contains("classifier/beer is alive already") == true)
        let other = try await laptop.begin(try laptop.plan(name: "other"))
        #expect(begun.record.agent?.isAlive == true)
        try await laptop.cloud.kill(other)
    }

    @Test func `a run that was not collected is never overwritten`() async throws {
        _ = try await laptop.sample()
        let failure = await #expect(throws: Failure.self) {
            try await laptop.begin(try laptop.plan())
        }
        #expect(failure?.hint == "collect it: train finish classifier/beer")
    }

    @Test(arguments: [true, false])
    func `what an interrupted start left is removed by the next`(hasRecord: Bool) async throws {
        let plan = try laptop.plan()
        let folder = try laptop.context.state.folder(of: plan.run)
        try makeDirectories(folder.machine)
        if hasRecord { try folder.write(plan.record(createdAt: Date())) }
        let begun = try await laptop.begin(plan)
        try await laptop.ended(begun)
        #expect(begun.record.stage == .started)
    }

    @Test func `Ctrl-C while it starts leaves nothing`() async throws {
        var laptop = laptop
        // The code is never packed to its end, so the signal comes while it starts, however late.
        laptop.context.runner = HoldingRunner(holding: "tar")
        laptop.context.interrupts = {
            AsyncStream { continuation in continuation.yield(SIGINT) }
        }
        let code = await laptop.start([])
        #expect(code == 130, "\(laptop.heard.errors)")
        #expect(laptop.heard.errors.contains("interrupted; nothing of the run is left"))
        #expect(try laptop.context.state.all().isEmpty)
    }

    @Test func `stop ends a run with its last sync, list and status tell`() async throws {
        try laptop.writeWaitingTrainer()
        let begun = try await laptop.begin(try laptop.plan())
        try await Eventually.holds { exists(begun.folder.machine + "/output/ready") }
        #expect(await laptop.train("status", "classifier/beer") == 0)
        #expect(laptop.heard.outputs.contains("classifier/beer on local: training for"))
        #expect(await laptop.train("list") == 0)
        #expect(laptop.heard.outputs.contains("classifier/beer  local  running"))
        #expect(await laptop.train("stop", "classifier/beer") == 0)
        try await laptop.ended(begun)
        #expect(await laptop.train("status", "classifier/beer", "--json") == 0)
        #expect(laptop.heard.outputs.contains("\"state\" : \"ended\""))
    }

    @Test func `an agent that was killed is said plainly with what to do`() async throws {
        _ = try await laptop.sample(.killed)
        #expect(await laptop.train("status", "classifier/beer") == 0)
        #expect(laptop.heard.outputs.contains("the agent is gone and left no outcome"))
        #expect(
            laptop.heard.outputs.contains("train finish classifier/beer --force classifier/beer"))
    }

    @Test func `watching ends with the outcome and its exit code`() async throws {
        let begun = try await laptop.begin(try laptop.plan())
        let code = try await Watch(context: laptop.context).untilEnd(of: begun)
        #expect(code == 0)
        #expect(laptop.heard.outputs.contains("classifier/beer: succeeded"))
        #expect(laptop.heard.errors.contains("✓ training"))
    }

    @Test func `Ctrl-C while watching leaves the run alive and says how to go on`() async throws {
        var laptop = laptop
        let begun = try await laptop.sample(.training)
        laptop.context.interrupts = {
            AsyncStream { continuation in continuation.yield(SIGINT) }
        }
        let interrupted = await #expect(throws: Interrupted.self) {
            try await Watch(context: laptop.context).untilEnd(of: begun)
        }
        #expect(interrupted?.signal == SIGINT)
        #expect(laptop.heard.errors.contains("train stop classifier/beer"))
        #expect(begun.record.agent?.isAlive == true)
    }
}
