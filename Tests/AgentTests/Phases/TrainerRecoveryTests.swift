import Shared
import TestSupport
import Testing

@testable import Agent

/// The decision put to work: journal, status, events and the wait.
@Suite(.timeLimit(.minutes(2))) struct TrainerRecoveryTests {
    private func attempt(_ step: Int64) -> RestartPolicy.Attempt {
        RestartPolicy.Attempt(
            end: Trainer.End(termination: .exited(1), wasStopped: false),
            error: PythonError.Found(
                exception: "ValueError: no", frame: "File \"m.py\", line 1, in f"),
            step: step, checkpoint: nil, isHardware: false)
    }

    @Test func `the waits grow on the run's own clock`() async throws {
        let clock = ManualClock()
        try await RunFixture.with(clock: clock, change: { $0.maxRestarts = 3 }) { fixture in
            let recovery = TrainerRecovery(fixture.context)
            for step in [3, 2, 1] as [Int64] {
                #expect(try await recovery.follow(attempt(step)) == .startsAgain)
            }
            #expect(clock.slept.filter { $0 >= .seconds(5) } == [5, 10, 20].map { .seconds($0) })
            let journal = fixture.context.journal
            #expect(journal.restarts == 3)
            #expect(journal.recovery?.spent == 3)
            #expect(journal.recovery?.step == 3)
            let status = fixture.context.board.status
            #expect(status.recovery == journal.recovery)
            #expect(status.restartAt == nil)
            guard case .ends(let note?) = try await recovery.follow(attempt(2)) else {
                Issue.record("it was started a fourth time")
                return
            }
            #expect(note.contains("3 times"), "\(note)")
            // The next agent knows it all.
            let saved = try Journal.load(from: fixture.context.job.work)
            #expect(saved?.recovery == journal.recovery)
        }
    }

    @Test func `a repetition is told with its place`() async throws {
        try await RunFixture.with(clock: ManualClock(), change: { $0.maxRestarts = 9 }) { fixture in
            let recovery = TrainerRecovery(fixture.context)
            #expect(try await recovery.follow(attempt(3)) == .startsAgain)
            let next = try await recovery.follow(attempt(3))
            guard case .ends(let note?) = next else {
                Issue.record("\(next)")
                return
            }
            #expect(note.contains("twice in a row at step 3"), "\(note)")
            #expect(note.contains("File \"m.py\", line 1, in f"), "\(note)")
        }
    }

    @Test(arguments: [StopReason.deadline, .signal(SIGTERM), .preempted])
    func `a stop ends the wait at once, and status says until when it was`(
        reason: StopReason
    ) async throws {
        let change = { (job: inout Job) in
            (job.maxRestarts, job.restartWaitSeconds) = (1, 300)
        }
        try await RunFixture.with(change: change) { fixture in
            let context = fixture.context
            let began = Date()
            let next = Task { try await TrainerRecovery(context).follow(attempt(1)) }
            let time = try await Eventually.value { context.board.status.restartAt }
            #expect(time.timeIntervalSince(began) >= 300)
            context.stop.request(reason)
            #expect(try await next.value == .ends(nil))
            #expect(context.board.status.restartAt == nil)
        }
    }

    @Test func `the next machine goes on counting`() async throws {
        var record = RestartRecord()
        (record.spent, record.step) = (1, 7)
        let prepare = { [record] (bucket: String) in
            var status = RunStatus(
                run: try RunName(
                    cloud: "local", projectName: "p", codeName: "c", datasetName: "d"),
                startedAt: Date())
            status.recovery = record
            try makeDirectories(bucket + "/run")
            try AtomicFile.write(
                JSONFormat.encode(status), to: bucket + "/" + BucketLayout.status)
        }
        try await RunFixture.with(
            clock: ManualClock(), change: { $0.maxRestarts = 1 }, prepare: prepare
        ) { fixture in
            try await RunResume(context: fixture.context).adopt()
            #expect(fixture.context.journal.recovery == record)
            #expect(fixture.context.board.status.recovery == record)
            let next = try await TrainerRecovery(fixture.context).follow(attempt(7))
            #expect(next != .startsAgain)
        }
    }
}
