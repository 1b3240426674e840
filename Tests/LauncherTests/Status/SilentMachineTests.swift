import Shared
import Testing

@testable import Launcher

/// A machine that was made and has never said a word.
@Suite struct SilentMachineTests {
    private let made = Date(timeIntervalSince1970: 1_800_000_000)

    private func view(_ status: RunStatus?, hasMachine: Bool = true) throws -> RunView {
        let run = try RunName(
            cloud: "gcp", projectName: "acme", codeName: "c", datasetName: "d")
        // The start waited two hours for a zone to have it.
        var record = RunRecord(
            run: run, createdAt: made.addingTimeInterval(-7200), codePath: "/c", module: "m",
            dataset: "gs://d", output: "gs://o")
        record.stage = .started
        if hasMachine {
            let text = """
                {"instance_name": {"value": "r"}, "instance_id": {"value": "r"},
                 "zone": {"value": "z-a"}, "region": {"value": "z"}, "project": {"value": "p"},
                 "public_ip": {"value": ""}, "ssh_user": {"value": "train"},
                 "console_url": {"value": "c"}, "output_bucket_url": {"value": "gs://o"},
                 "billing": {"value": []}}
                """
            record.machine = try Machine(terraformOutput: Data(text.utf8))
            record.machine?.createdAt = made
        }
        let context = Context(environment: [:], terminal: .plain, executableDirectory: "/")
        let handle = RunHandle(
            record: record, folder: RunFolder(path: "/r"),
            cloud: TerraformCloud(context: context, provider: GoogleProvider()), context: context)
        return RunView(run: handle, machine: .running, status: status)
    }

    @Test(arguments: [(0.0, false), (590, false), (601, true), (86_400, true)])
    func `after ten minutes status, list and the live line shout`(
        silence: Double, isSaid: Bool
    ) throws {
        let view = try view(nil)
        let now = made.addingTimeInterval(silence)
        let texts = [
            StatusText.full(view, now: now), StatusText.cell(view, now: now),
            StatusText.live(view, now: now),
        ]
        for text in texts {
            #expect(text.contains("has not reported for") == isSaid, "\(text)")
            #expect(text.contains("costs money") == isSaid)
        }
        #expect(StatusText.hint(view)?.contains("--force") == true)
    }

    @Test func `one that has reported, and this computer, are not shouted about`() throws {
        let run = try RunName(
            cloud: "gcp", projectName: "acme", codeName: "c", datasetName: "d")
        let later = made.addingTimeInterval(86_400)
        let spoken = try view(RunStatus(run: run, startedAt: made))
        #expect(!StatusText.full(spoken, now: later).contains("has not reported"))
        let local = try view(nil, hasMachine: false)
        #expect(!StatusText.full(local, now: later).contains("has not reported"))
        #expect(StatusText.hint(local) == nil)
    }

    @Test func `a record keeps when the machine was made`() throws {
        let record = try view(nil).record
        let again = try JSONFormat.decode(
            RunRecord.self, from: JSONFormat.encode(record), name: "run.json")
        #expect(again.machine?.createdAt == made)
    }
}
