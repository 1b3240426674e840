import Shared
import Testing

@testable import Launcher

@Suite struct FollowTests {
    private let run: RunName
    private let start = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws {
        run = try RunName(cloud: "local", projectName: "local", codeName: "c", datasetName: "d")
    }

    private var status: RunStatus { RunStatus(run: run, startedAt: start) }

    private func phase(
        _ phase: Phase, _ state: RunStatus.PhaseRecord.State, seconds: Double? = nil,
        message: String? = nil
    ) -> RunStatus.PhaseRecord {
        RunStatus.PhaseRecord(
            phase: phase, state: state, startedAt: start,
            endedAt: seconds.map { start.addingTimeInterval($0) }, message: message)
    }

    @Test func `each thing is told once`() {
        var story = StatusChanges()
        var status = status
        #expect(story.news(in: nil).isEmpty)
        status.phases = [phase(.code, .running)]
        #expect(story.news(in: status).map(\.text) == ["bringing the code …"])
        #expect(story.news(in: status).isEmpty)
        status.phases = [
            phase(.code, .succeeded, seconds: 3), phase(.gpu, .skipped, seconds: 0),
            phase(.dependencies, .failed, seconds: 65, message: "no\u{1b}[31m numpy"),
        ]
        status.warnings = ["the disk is nearly full"]
        #expect(
            story.news(in: status).map(\.text) == [
                "bringing the code  3s", "waiting for the GPU: not needed",
                "installing dependencies  1m5s  no[31m numpy", "the disk is nearly full",
            ])
        #expect(story.news(in: status).isEmpty)
    }

    @Test func `a sync that fails and works again is told both times`() {
        var story = StatusChanges()
        var status = status
        status.sync.lastError = "no network"
        #expect(story.news(in: status).map(\.text) == ["sync failed: no network"])
        #expect(story.news(in: status).isEmpty)
        status.sync.lastError = nil
        #expect(story.news(in: status).map(\.text) == ["sync works again"])
    }

    @Test(arguments: [
        (RunRecord.Stage.started, MachineState.running, false, RunView.State.running),
        (.started, .running, true, .running), (.started, .gone, true, .ended),
        (.started, .gone, false, .dead), (.started, .unknown("no network"), false, .running),
        (.starting, .gone, false, .starting), (.starting, .running, false, .running),
        (.collected, .gone, true, .collected),
    ])
    func `the state follows from record, machine and outcome`(
        stage: RunRecord.Stage, machine: MachineState, hasOutcome: Bool, state: RunView.State
    ) {
        let outcome = Outcome(kind: .succeeded, phase: .train, exitStatus: 0, message: "done")
        #expect(
            RunView.state(stage: stage, machine: machine, outcome: hasOutcome ? outcome : nil)
                == state)
    }

    private func view(_ status: RunStatus?, machine: MachineState = .running) -> RunView {
        var record = RunRecord(
            run: run, createdAt: start, codePath: "/c", module: "m", dataset: "/d",
            output: "file:///o")
        record.stage = .started
        let context = Context(
            environment: [:], terminal: .plain, executableDirectory: "/")
        let handle = RunHandle(
            record: record, folder: RunFolder(path: "/r"),
            cloud: LocalCloud(runner: context.runner, clock: context.clock), context: context)
        return RunView(run: handle, machine: machine, status: status)
    }

    @Test func `the live line tells what goes on side by side and what is safe`() {
        var status = status
        status.phases = [phase(.dataset, .running), phase(.dependencies, .running)]
        status.sync.lastSuccessAt = start.addingTimeInterval(60)
        status.sync.files = 2
        status.sync.bytes = 5_000_000
        let text = StatusText.live(view(status), now: start.addingTimeInterval(72))
        #expect(
            text
                == "  bringing the dataset 1m12s, installing dependencies 1m12s"
                + " · 2 files (5.0 MB) synced 12s ago")
    }

    @Test func `a trainer that waits for its next start is told with the time left`() {
        var status = status
        status.phases = [phase(.train, .running)]
        status.restartAt = start.addingTimeInterval(80)
        let now = start.addingTimeInterval(72)
        #expect(StatusText.live(view(status), now: now).contains("failed; starts again in 8s"))
        let late = StatusText.live(view(status), now: start.addingTimeInterval(90))
        #expect(late.contains("failed; starts again in 0s"))
    }

    @Test(arguments: [(30.0, false), (301, false), (659, false), (661, true)])
    func `a heartbeat that stopped is said`(silence: Double, isSaid: Bool) {
        let text = StatusText.full(view(status), now: start.addingTimeInterval(silence))
        #expect(text.contains("the agent does not answer") == isSaid)
        #expect(text.contains("heartbeat"))
    }

    @Test func `what a bucket says cannot steer the terminal`() {
        var status = status
        status.outcome = Outcome(
            kind: .failed, phase: .train, exitStatus: 1, message: "boom\u{1b}]0;owned\u{07}")
        status.warnings = ["\u{1b}[2J"]
        let text = StatusText.full(view(status, machine: .gone), now: start)
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
        #expect(text.contains("failed: boom]0;owned"))
    }
}
