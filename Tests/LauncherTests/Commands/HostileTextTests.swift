import Shared
import TestSupport
import Testing

@testable import Launcher

/// Texts of a bucket that somebody else may write, in every place where a command shows one.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct HostileTextTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    /// A title, a cleared screen, C1 and bidirectional controls, invisible ones, and a row of a table.
    private static let forged = "other/run  local  ended  verified"
    private static let hostile =
        "boom\u{1b}]0;PWN\u{07}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{200f}\u{200b}\u{2028}"
        + "\n\(forged)\r\n\(forged)\u{2029}\(forged)\u{85}\(forged)"

    private func expectHarmless(_ location: SourceLocation = #_sourceLocation) {
        for said in [laptop.heard.outputs, laptop.heard.errors] {
            let bad = said.unicodeScalars.filter { $0 != "\n" && $0.steersTerminal }
            #expect(bad.isEmpty, "\(said.debugDescription)", sourceLocation: location)
            let rows = said.split(separator: "\n").filter { $0.hasPrefix("other/run") }
            #expect(rows.isEmpty, "\(said)", sourceLocation: location)
        }
    }

    private func write(_ status: RunStatus, of run: RunHandle) throws {
        try AtomicFile.write(
            JSONFormat.encode(status), to: run.folder.machine + "/work/run/status.json")
    }

    private func hostileStatus(of run: RunHandle, kind: Outcome.Kind) -> RunStatus {
        var status = RunStatus(run: run.name, startedAt: Date())
        let text = Self.hostile
        status.phase = .finished
        status.phases = [
            RunStatus.PhaseRecord(
                phase: .train, state: .failed, startedAt: Date(), endedAt: Date(), message: text)
        ]
        status.warnings = [text]
        status.sshHostKey = text
        status.sync.lastError = text
        status.sync.partialFiles = [text]
        status.sync.skippedFiles = [text]
        status.sync.missingFiles = [text]
        status.sync.foreignFiles = [text]
        status.outcome = Outcome(
            kind: kind, phase: .train, exitStatus: 1, message: text, lastLines: text, hint: text)
        return status
    }

    @Test func `no text of a status or a manifest steers the terminal or forges a row`()
        async throws
    {
        let run = try await laptop.sample()
        let path = run.folder.bucket + "/run/manifest.json"
        var manifest = try JSONFormat.decode(Manifest.self, from: readFile(path), name: path)
        manifest.files.append(
            .init(path: "output/\u{9b}31mX\u{202e}\u{2028}other", size: 1, mtime: 0, crc32c: 0))
        try AtomicFile.write(JSONFormat.encode(manifest), to: path)
        let finish = ["finish", "classifier/beer", "--destination", laptop.collected]
        for kind in Outcome.Kind.allCases {
            try write(hostileStatus(of: run, kind: kind), of: run)
            for command in [["list"], ["status", "classifier/beer"], finish] {
                _ = await laptop.train(command)
                if command != finish { _ = await laptop.train(command + ["--json"]) }
            }
            _ = try Watch(context: laptop.context).report(try await run.look())
        }
        #expect(laptop.heard.errors.contains("nothing is destroyed"))
        #expect(await laptop.train(finish + ["--force", "classifier/beer"]) == 0)
        #expect(laptop.heard.outputs.contains("boom"))
        #expect(laptop.heard.outputs.contains(#"\u001b]0;PWN"#))
        #expect(laptop.heard.outputs.contains(#"\u009b31m\u202e"#))
        expectHarmless()
    }

    @Test(arguments: [#""state":"succeeded""#, #""restarts":0"#, #""phase":"train""#])
    func `a document that does not read is told without its text's powers`(field: String)
        async throws
    {
        let run = try await laptop.sample()
        let path = run.folder.machine + "/work/run/status.json"
        let status = String(decoding: try readFile(path), as: UTF8.self).replacing(" ", with: "")
        let evil = #"\u001b]0;P\u0007\u001b[2J\u009b\u202e\nother/run"#
        let key = field.prefix { $0 != ":" }
        #expect(status.contains(field), "\(status)")
        for broken in [
            status.replacing(field, with: "\(key):\"\(evil)\""),
            status.replacing(field, with: "\(field),\"\(evil)\":1"),
        ] {
            try AtomicFile.write(Data(broken.utf8), to: path)
            for command in [
                ["list"], ["status", "classifier/beer"],
                ["finish", "classifier/beer", "--destination", laptop.collected],
            ] {
                _ = await laptop.train(command)
            }
        }
        #expect(!laptop.heard.errors.isEmpty)
        expectHarmless()
    }

    @Test func `the watch shows changes and failures without their powers`() async throws {
        let line = LiveLine(
            terminal: Terminal(isInteractive: true, width: 200, hasColour: true),
            write: laptop.heard.console.error)
        line.say(.bad, Self.hostile)
        line.update(Self.hostile)
        var changes = StatusChanges()
        let run = try await laptop.sample()
        for change in changes.news(in: hostileStatus(of: run, kind: .failed)) {
            line.say(change.text)
        }
        expectHarmless()
    }
}
