import Shared
import Testing

@testable import Launcher

@Suite struct ResumeRefusalTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func view(
        _ kind: Outcome.Kind?, verified: Bool = true, change: (inout RunRecord) -> Void = { _ in }
    ) throws -> RunView {
        let name = try RunName(
            cloud: "sample", projectName: "p", codeName: "c", datasetName: "d")
        var record = RunRecord(
            run: name, createdAt: now, codePath: "/c", module: "m", dataset: "/d",
            output: "file:///o")
        record.stage = .started
        change(&record)
        var status = RunStatus(run: name, startedAt: now)
        status.outcome = kind.map { Outcome(kind: $0, phase: .train, message: "m") }
        status.phase = .finished
        status.sync.verified = verified
        let context = Context(environment: [:], terminal: .plain, executableDirectory: "/")
        let handle = RunHandle(
            record: record, folder: RunFolder(path: "/r"),
            cloud: TerraformCloud(context: context, provider: SampleProvider()), context: context)
        return RunView(run: handle, machine: .gone, status: status)
    }

    private func refusal(_ view: RunView, secondsLeft: Double? = nil) -> String? {
        ResumeRefusal.of(view, secondsLeft: secondsLeft, shortest: 600, now: now)?.summary
    }

    @Test(arguments: [
        Outcome.Kind.preempted, .failed, .stopped, .stalled, .setupFailed, nil,
    ])
    func `what can train on is started again`(kind: Outcome.Kind?) throws {
        #expect(refusal(try view(kind)) == nil)
        #expect(refusal(try view(kind), secondsLeft: 600) == nil)
    }

    @Test func `what is over, elsewhere or out of time is not`() throws {
        #expect(
            refusal(try view(.succeeded)) == "c/d has succeeded: there is nothing left to train")
        #expect(
            refusal(try view(.preempted), secondsLeft: 599)
                == "of the longest time of c/d only 9m59s is left: it counts over all attempts")
        #expect(refusal(try view(.deadline), secondsLeft: -5)?.contains("only 0s is left") == true)
        #expect(refusal(try view(.failed) { $0.stage = .collected }) == "c/d is collected already")
        #expect(
            refusal(try view(.failed) { $0.isAttached = true })
                == "c/d was started on another computer, which alone has its code")
        var lost = try view(.preempted)
        lost.run.presence = .lost
        #expect(refusal(lost)?.hasPrefix("the state bucket has lost c/d") == true)
        lost.run.presence = .finishedElsewhere
        #expect(refusal(lost) == "another computer has finished c/d")
        var alive = try view(nil)
        alive.machine = .running
        #expect(refusal(alive)?.hasPrefix("c/d is still alive") == true)
    }

    @Test func `a disk that may hold output is not given up but for a machine that is gone`() throws
    {
        #expect(refusal(try view(.failed, verified: false))?.contains("is not verified") == true)
        #expect(refusal(try view(.preempted, verified: false)) == nil)
        #expect(refusal(try view(nil, verified: false)) == nil)
    }

    @Test func `the end that is taken back leaves all else as it was`() throws {
        var status = try #require(try view(.failed).status)
        (status.attempt, status.restarts) = (3, 2)
        status.recovery = RestartRecord()
        status.phases = [.init(phase: .powerOff, state: .running, startedAt: now)]
        let reopened = status.reopened(at: now.addingTimeInterval(60))
        #expect(reopened.outcome == nil && reopened.recovery == nil)
        #expect(reopened.start == status.start)
        #expect(reopened.phases.allSatisfy { $0.endedAt != nil })
        #expect(!reopened.isLastWord)
        status.outcome?.kind = .preempted
        #expect(status.reopened(at: now).recovery != nil)
    }

    @Test func `machines on which the training comes no further are counted`() throws {
        let name = try view(nil).run.name
        var keeper = KeepAlive(context: try view(nil).run.context) { _ in }
        for (step, checkpoint) in [(12, 10), (12, 10), (nil, 10), (15, nil), (15, 15)] {
            keeper.note(
                ResumePoint(
                    run: name, lastStep: step.map(Int64.init),
                    checkpointStep: checkpoint.map(Int64.init)))
        }
        #expect(keeper.idle == 1)
    }
}
