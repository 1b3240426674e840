import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct OutputTests {
    private let heard = CapturedConsole()
    private let screen = Terminal(isInteractive: true, width: 20, hasColour: false)

    @Test(
        arguments: [
            (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 KB"), (1536, "1.5 KB"),
            (99_949, "99.9 KB"), (999_949, "1000 KB"), (999_999, "1.0 MB"), (120_000_000, "120 MB"),
            (Int64.max, "9223 PB"),
        ] as [(Int64, String)])
    func `bytes are read in units`(bytes: Int64, text: String) {
        #expect(readable(bytes: bytes) == text)
    }

    @Test func `a table is as wide as its cells`() {
        var table = Table("RUN", "STATE")
        table.rows = [["classifier/beer", "ended"], ["a/b", "running"]]
        #expect(
            table.text == """
                RUN              STATE
                classifier/beer  ended
                a/b              running

                """)
    }

    @Test func `the live line is written over, cut to the width, and taken away`() {
        let line = LiveLine(terminal: screen, write: heard.console.draw)
        line.update("0123456789012345678901234")
        #expect(heard.errors == "\r\u{1b}[K0123456789012345678")
        line.say("stays")
        #expect(heard.errors.hasSuffix("\r\u{1b}[Kstays\n0123456789012345678"))
        line.clear()
        #expect(heard.errors.hasSuffix("\r\u{1b}[K"))
        let before = heard.errors
        line.clear()
        #expect(heard.errors == before)
    }

    @Test func `in a pipe nothing is written over`() {
        let line = LiveLine(terminal: .plain, write: heard.console.draw)
        line.update("moving")
        line.say("stays")
        line.clear()
        #expect(heard.errors == "stays\n")
    }

    @Test func `a step names itself before, and what came of it after`() async throws {
        let steps = Steps(
            LiveLine(terminal: .plain, write: heard.console.draw), clock: ManualClock())
        let value = try await steps.run("packing", result: { "\($0) files" }) { 3 }
        #expect(value == 3)
        #expect(heard.errors == "  packing …\n✓ packing: 3 files\n")
    }

    @Test func `a step that fails leaves no mark of success`() async {
        let steps = Steps(
            LiveLine(terminal: screen, write: heard.console.draw), clock: ContinuousClock())
        await #expect(throws: Failure.self) {
            try await steps.run("packing") { throw Failure("no") }
        }
        #expect(!heard.errors.contains("✓"))
    }

    @Test func `the bar tells share, rate and the time left`() {
        let bar = ProgressBar(title: "downloading", totalFiles: 10, totalBytes: 1000)
        #expect(
            bar.text(.init(files: 5, bytes: 500, startBytes: 100, seconds: 4))
                == "downloading  ████████████░░░░░░░░░░░░  50 %  5/10 files  500 bytes/1.0 KB"
                + "  100 bytes/s  5s left")
        #expect(
            bar.plainText(.init(files: 5, bytes: 500, startBytes: 100, seconds: 4))
                == "downloading  50 %  5/10 files  500 bytes/1.0 KB  100 bytes/s  5s left")
        let done = bar.text(.init(files: 12, bytes: 1200, startBytes: 0, seconds: 0.5))
        #expect(done.contains("100 %  10/10 files  1.0 KB/1.0 KB"))
        let empty = ProgressBar(title: "x", totalFiles: 0, totalBytes: 0)
        let nothing = ProgressBar.Progress(files: 0, bytes: 0, startBytes: 0, seconds: 9)
        #expect(empty.text(nothing).contains("100 %"))
        let odd = ProgressBar.Progress(files: -1, bytes: .min, startBytes: .max, seconds: 9)
        #expect(bar.text(odd).contains("░  0 %"))
    }

    @Test(arguments: [("", "xterm", true), ("1", "xterm", true), ("", "dumb", false)])
    func `a stream that is no terminal is plain`(noColour: String, term: String, _: Bool) {
        let environment = ["NO_COLOR": noColour, "TERM": term]
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        defer { ends.forEach { close($0) } }
        #expect(Terminal.detect(descriptor: ends[1], environment: environment) == .plain)
    }
}
