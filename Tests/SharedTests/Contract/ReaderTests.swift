import Shared
import Testing

/// What an agent of a later version writes is read by a launcher of this one.
@Suite struct ReaderTests {
    private static func status() throws -> RunStatus {
        let run = try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d")
        var status = RunStatus(run: run, startedAt: Date(timeIntervalSince1970: 1_700_000_000))
        status.phases = [.init(phase: .train, state: .running, startedAt: status.startedAt)]
        status.outcome = Outcome(kind: .failed, phase: .train, message: "m", hint: "h")
        return status
    }

    private func read(_ change: (String) -> String) throws -> RunStatus {
        let text = String(decoding: try JSONFormat.encode(Self.status()), as: UTF8.self)
        let changed = change(text)
        #expect(changed != text)
        return try JSONFormat.decode(RunStatus.self, from: Data(changed.utf8), name: "status.json")
    }

    @Test func `a field of a later version is ignored`() throws {
        let status = try read {
            $0.replacing("\"attempt\" : 1", with: "\"attempt\" : 1, \"gpu_utilisation\" : 0.7")
        }
        #expect(try status == Self.status())
    }

    @Test func `names of a later version are kept as they are`() throws {
        let status = try read {
            $0.replacing("\"failed\"", with: "\"out_of_money\"")
                .replacing("\"running\"", with: "\"paused\"")
                .replacing("\"train\"", with: "\"evaluate\"")
        }
        #expect(status.outcome?.kind == .unknown("out_of_money"))
        #expect(status.outcome?.processExitStatus == ExitCode.failed.rawValue)
        #expect(status.phases[0].state == .unknown("paused"))
        #expect(status.phases[0].phase == .unknown("evaluate"))
        #expect(status.phases[0].phase.title == "evaluate")
        let again = String(decoding: try JSONFormat.encode(status), as: UTF8.self)
        #expect(again.contains("\"out_of_money\"") && again.contains("\"paused\""))
    }

    @Test(arguments: ["\\u001b[2J", "", "A b", "x\\n"])
    func `a name that no version could write is refused`(name: String) {
        let failure = #expect(throws: Failure.self) {
            try read { $0.replacing("\"failed\"", with: "\"\(name)\"") }
        }
        #expect(failure?.summary.contains("outcome.kind") == true)
        #expect(failure?.summary.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
    }

    @Test func `every name of this version is known`() throws {
        #expect(Phase.allCases.allSatisfy { Phase(rawValue: $0.rawValue) == $0 })
        #expect(Outcome.Kind.allCases.allSatisfy { Outcome.Kind(rawValue: $0.rawValue) == $0 })
        #expect(Event.Kind.allCases.allSatisfy { Event.Kind(rawValue: $0.rawValue) == $0 })
        #expect(Phase(rawValue: "final_sync") == .finalSync)
        #expect(Outcome.Kind(rawValue: "setup_failed") == .setupFailed)
        #expect(Event.Kind(rawValue: "phase_ended") == .phaseEnded)
    }

    @Test(arguments: [0, -1, 2])
    func `another version is refused`(version: Int) {
        let failure = #expect(throws: Failure.self) {
            try read { $0.replacing("\"version\" : 1", with: "\"version\" : \(version)") }
        }
        #expect(failure?.summary.contains("version is \(version)") == true)
    }

    @Test func `an error shows no control character of a document`() {
        let failure = #expect(throws: Failure.self) {
            try read { $0.replacing("2023-11-14T22:13:20Z", with: "\\u009b2J\\u001b]0;x\\u0007") }
        }
        let hasControl = failure?.description.unicodeScalars.contains {
            $0.value < 0x20 || (0x7F...0x9F).contains($0.value)
        }
        #expect(hasControl == false)
    }
}
