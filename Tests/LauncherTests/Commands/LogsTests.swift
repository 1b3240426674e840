import Shared
import TestSupport
import Testing

@testable import Launcher

/// `train logs` of runs that train, have ended and are collected.
@Suite(.timeLimit(.minutes(5))) struct LogsTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    /// A run that goes on, with this in its log.
    private func running(_ log: String) async throws -> RunHandle {
        let run = try await laptop.sample(.training)
        try run.writeOnMachine(log, to: "logs/train.log")
        return run
    }

    /// What the laptop said since `former`.
    private func said(since former: String) -> String {
        String(laptop.heard.outputs.dropFirst(former.count))
    }

    @Test func `a finished run answers as it did while it trained`() async throws {
        let run = try await running("one\n10%\r100%\nthree\n")
        #expect(await laptop.train("logs", "classifier/beer") == 0)
        let live = laptop.heard.outputs
        #expect(live == "one\n100%\nthree\n")
        try await laptop.stop(run)
        #expect(
            await laptop.train("finish", "classifier/beer", "--destination", laptop.collected) == 0)
        #expect(!run.folder.exists)
        let before = laptop.heard.outputs
        #expect(await laptop.train("logs", "classifier/beer", "-f") == 0)
        #expect(said(since: before) == live)

        // The folder can be moved; that is said, and where it was.
        rename(try laptop.collection(), laptop.scratch.path + "/moved")
        #expect(await laptop.train("logs", "classifier/beer") == 1)
        #expect(laptop.heard.errors.contains("which is gone"))
    }

    @Test func `following ends with the run`() async throws {
        let run = try await running("one\n")
        let follow = Task { [laptop] in await laptop.train("logs", "classifier/beer", "--follow") }
        try await Eventually.holds { laptop.heard.outputs == "one\n" }
        try run.writeOnMachine("one\ntwo\nthree, unfinished", to: "logs/train.log")
        try await Eventually.holds { laptop.heard.outputs == "one\ntwo\n" }
        try await laptop.stop(run)
        #expect(await follow.value == 0)
        #expect(laptop.heard.outputs.hasPrefix("one\ntwo\n"))
        #expect(laptop.heard.outputs.contains("three, unfinished\n"))
    }

    @Test func `what to show can be chosen`() async throws {
        _ = try await running("loss 1\nnoise\nloss 2\n")
        #expect(await laptop.train("logs", "classifier/beer", "--grep", "loss \\d") == 0)
        #expect(laptop.heard.outputs == "loss 1\nloss 2\n")
        var before = laptop.heard.outputs
        #expect(await laptop.train("logs", "classifier/beer", "--tail", "2", "--json") == 0)
        #expect(
            said(since: before)
                == "{\"offset\":7,\"text\":\"noise\"}\n{\"offset\":13,\"text\":\"loss 2\"}\n")
        before = laptop.heard.outputs
        #expect(await laptop.train("logs", "classifier/beer", "--since", "13") == 0)
        #expect(said(since: before) == "loss 2\n")
        #expect(await laptop.train("logs", "classifier/beer", "--grep", "(") == 2)
        #expect(await laptop.train("logs", "classifier/beer", "--since", "soon") == 2)
        #expect(await laptop.train("logs", "classifier/beer", "--since", "1", "--tail", "1") == 2)
        #expect(await laptop.train("logs", "nobody/beer") == 1)
    }

    @Test func `no log steers the terminal`() async throws {
        let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7}evil\u{9b}31m\u{202e}\n"
        _ = try await running(hostile + String(repeating: "x", count: 10_000_000) + "\nend\n")
        for words in [[], ["--json"], ["--tail", "1"]] {
            #expect(await laptop.train(["logs", "classifier/beer"] + words) == 0)
        }
        let steering = laptop.heard.outputs.unicodeScalars.filter {
            $0.steersTerminal && $0 != "\n"
        }
        #expect(steering.isEmpty)
        #expect(laptop.heard.outputs.contains("(a line of 10.0 MB)"))
        #expect(laptop.heard.outputs.utf8.count < 400_000)
    }
}
