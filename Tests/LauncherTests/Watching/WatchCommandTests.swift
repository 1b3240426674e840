import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// `train watch` of a run that goes on and ends, in a pipe and on a terminal.
@Suite(.timeLimit(.minutes(5))) struct WatchCommandTests {
    private func begun(_ laptop: LauncherSandbox) async throws -> RunHandle {
        let run = try await laptop.sample(.training)
        try run.writeOnMachine("first\n10%\r\u{1b}[31m20%\n", to: "logs/train.log")
        return run
    }

    @Test func `in a pipe there are plain lines`() async throws {
        let laptop = try LauncherSandbox()
        let run = try await begun(laptop)
        let watch = Task { await laptop.train("watch", "classifier/beer") }
        try await Eventually.holds { laptop.heard.outputs.contains("| 20%\n") }
        try await laptop.stop(run)
        #expect(await watch.value == 1)
        let said = laptop.heard.outputs
        #expect(said.contains("training …\n") && said.contains("| first\n"))
        #expect(said.contains("classifier/beer: stopped: somebody asked for it\n"))
        #expect(!said.contains("\u{1b}") && !said.contains("\r"))
    }

    @Test func `for programs there is an object a line`() async throws {
        let laptop = try LauncherSandbox()
        let run = try await begun(laptop)
        let watch = Task { await laptop.train("watch", "classifier/beer", "--json") }
        try await Eventually.holds { laptop.heard.outputs.contains("20%") }
        try await laptop.stop(run)
        #expect(await watch.value == 1)
        let lines = laptop.heard.outputs.split(separator: "\n").filter { $0.hasPrefix("{\"") }
        #expect(lines.contains("{\"log\":{\"offset\":0,\"text\":\"first\"}}"))
        #expect(lines.last?.hasPrefix("{\"outcome\":{") == true)
    }

    @Test func `on a terminal it draws to the size of the moment, and leaves all as it was`()
        async throws
    {
        var laptop = try LauncherSandbox()
        let sizes = Sizes(60, 12)
        laptop.context.terminal = Terminal(isInteractive: true, width: 60, hasColour: false)
        laptop.context.isOutputTerminal = true
        laptop.context.screenSize = { sizes.now }
        let run = try await begun(laptop)
        let watch = Task { [laptop] in await laptop.train("watch", "classifier/beer") }
        try await Eventually.holds { laptop.heard.errors.contains("\u{1b}[K20%") }
        sizes.set(30, 6)
        let narrow = "\u{1b}[K" + String(repeating: "─", count: 30) + "\r\n"
        try await Eventually.holds { laptop.heard.errors.contains("\r\n" + narrow) }
        try await laptop.stop(run)
        #expect(await watch.value == 1)
        #expect(laptop.heard.errors.contains("\u{1b}[?1049h"))
        #expect(laptop.heard.errors.contains("\u{1b}[?1049l"))
        #expect(laptop.heard.outputs.contains("classifier/beer: stopped"))
    }

    private final class Sizes: Sendable {
        private let size: Mutex<(width: Int, height: Int)>
        init(_ width: Int, _ height: Int) { size = Mutex((width, height)) }
        var now: (width: Int, height: Int) { size.withLock { $0 } }
        func set(_ width: Int, _ height: Int) { size.withLock { $0 = (width, height) } }
    }
}
