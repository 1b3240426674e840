import Shared
import TestSupport
import Testing

@testable import Agent

@Suite struct StatusCommandTests {
    private func status(in work: WorkDirectory) throws -> RunStatus {
        let run = try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d")
        var status = RunStatus(run: run, startedAt: Date(timeIntervalSince1970: 1_700_000_000))
        status.outcome = Outcome(
            kind: .failed, phase: .train, message: "the trainer failed: \u{1B}[2JValueError: x",
            lastLines: "first\nlast \u{9B}31m", hint: "mend it")
        try makeDirectories(work.run)
        try AtomicFile.write(JSONFormat.encode(status), to: work.status)
        return status
    }

    @Test func `the run of a rented machine is among the known ones`() throws {
        let places = AgentDirectories.known(byHand: "/no/such/directory")
        #expect(places == [WorkDirectory(MachineLayout.directories.work)])
    }

    @Test func `it shows a rented machine's run and those by hand`() throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let rented = WorkDirectory(root.path + "/work")
        let byHand = WorkDirectory(root.path + "/hand/abc")
        for place in [rented, byHand] { _ = try status(in: place) }
        let console = CapturedConsole()
        let known = AgentDirectories.known(rented: rented.path, byHand: root.path + "/hand")
        try StatusCommand.show(known, json: false, console: console.console, now: Date())
        #expect(console.outputs.contains(rented.path) && console.outputs.contains(byHand.path))
    }

    @Test func `it shows message, hint and last lines without control characters`() throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let work = WorkDirectory(root.path)
        let text = StatusCommand.text(try status(in: work), in: work, now: Date())
        for words in ["failed: the trainer failed", "hint: mend it", "    first\n", "    last "] {
            #expect(text.contains(words), "\(words)")
        }
        let hasControl = text.unicodeScalars.contains {
            $0 != "\n" && ($0.value < 0x20 || (0x7F...0x9F).contains($0.value))
        }
        #expect(!hasControl)
    }

    @Test func `a machine without a run says so`() {
        #expect(throws: Failure.self) {
            try StatusCommand.show(
                [WorkDirectory("/no/such")], json: false, console: CapturedConsole().console,
                now: Date())
        }
    }
}
