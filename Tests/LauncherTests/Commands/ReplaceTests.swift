import Shared
import TestSupport
import Testing

@testable import Launcher

/// Trying again: a run that failed is in nobody's way.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct ReplaceTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func replace(_ plan: Plan) async throws -> RunHandle {
        try await Start(context: laptop.context).make(
            plan, on: laptop.cloud, replaces: true,
            steps: Steps(laptop.context.progress(), clock: laptop.context.clock))
    }

    @Test func `a run that ended without success is replaced`() async throws {
        let first = try await laptop.sample(.killed)
        let second = try await replace(try laptop.plan())
        try await laptop.ended(second)
        #expect(laptop.heard.errors.contains("discarding the run classifier/beer with its output"))
        #expect(try laptop.context.state.all().count == 1)
        #expect(second.record.agent != first.record.agent)
    }

    @Test func `one that succeeded is not, and the two ways on are said`() async throws {
        let first = try await laptop.sample()
        let failure = await #expect(throws: Failure.self) {
            try await replace(try laptop.plan())
        }
        #expect(failure?.summary.contains("--replace would lose its output") == true)
        #expect(failure?.hint?.contains("--discard classifier/beer") == true)
        #expect(first.folder.exists)
    }

    @Test func `one that is alive is not`() async throws {
        let first = try await laptop.sample(.training)
        let failure = await #expect(throws: Failure.self) {
            try await replace(try laptop.plan())
        }
        #expect(failure?.summary.contains("is alive already") == true)
        #expect(first.record.agent?.isAlive == true)
    }

    @Test func `discard needs the name, downloads nothing and removes the run`() async throws {
        let run = try await laptop.sample()
        #expect(await laptop.train("finish", "classifier/beer", "--discard", "beer") == 2)
        #expect(run.folder.exists)
        #expect(
            await laptop.train(
                "finish", "classifier/beer", "--destination", laptop.collected, "--discard",
                "classifier/beer") == 0)
        #expect(!run.folder.exists)
        #expect(!exists(laptop.collected))
        #expect(laptop.heard.errors.contains("the output of classifier/beer is discarded"))
    }

    @Test func `discard does not end what is alive`() async throws {
        let run = try await laptop.sample(.training)
        #expect(
            await laptop.train("finish", "classifier/beer", "--discard", "classifier/beer") == 1)
        #expect(run.record.agent?.isAlive == true)
        #expect(
            await laptop.train(
                "finish", "classifier/beer", "--discard", "classifier/beer", "--stop") == 0)
        #expect(!run.folder.exists)
    }

    @Test func `the exit status is the trainer's where that is asked for`() async throws {
        for (flags, status) in [([], 0), (["--exit_status"], 1)] as [([String], Int32)] {
            let run = try await laptop.sample(.training)
            try await laptop.stop(run)
            let code = await laptop.train(
                ["finish", "classifier", "--destination", laptop.collected] + flags)
            let outcome = laptop.heard.outputs.contains("classifier/beer: stopped")
            #expect(outcome, "\(laptop.heard.outputs)")
            // 1 is what an outcome without a status of the trainer's own stands for.
            #expect(code == status)
            #expect(!run.folder.exists)
        }
    }
}
