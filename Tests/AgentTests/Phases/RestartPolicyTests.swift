import Shared
import Testing

@testable import Agent

/// Every reason to start a trainer again, or not to.
@Suite struct RestartPolicyTests {
    private static let error = PythonError.Found(
        exception: "ValueError: no such beer", frame: "File \"/c/main.py\", line 3, in main")

    private func attempt(
        _ termination: Termination = .exited(1), wasStopped: Bool = false,
        error: PythonError.Found? = error, step: Int64? = nil, checkpoint: Int64? = nil,
        isHardware: Bool = false
    ) -> RestartPolicy.Attempt {
        RestartPolicy.Attempt(
            end: Trainer.End(termination: termination, wasStopped: wasStopped), error: error,
            step: step, checkpoint: checkpoint, isHardware: isHardware)
    }

    private func decide(
        _ attempt: RestartPolicy.Attempt, _ former: RestartRecord? = nil, isStopping: Bool = false,
        limit: Int = 2
    ) -> RestartPolicy.Decision {
        RestartPolicy.decide(
            after: attempt, former: former, isStopping: isStopping, limit: limit, firstWait: 5)
    }

    /// What each of several ends in a row leads to: the wait in seconds, or nil for the end.
    private func waits(_ attempts: [RestartPolicy.Attempt], limit: Int) -> [Double?] {
        var record: RestartRecord?
        return attempts.map { attempt in
            guard case .startsAgain(let new, let wait) = decide(attempt, record, limit: limit)
            else { return nil }
            record = new
            return wait
        }
    }

    @Test func `success, a stop and an end of the run are no failures`() {
        #expect(decide(attempt(.exited(0))) == .ends)
        #expect(decide(attempt(.exited(0), wasStopped: true)) == .ends)
        #expect(decide(attempt(.signalled(SIGTERM), wasStopped: true)) == .ends)
        #expect(decide(attempt(), isStopping: true) == .ends)
        #expect(decide(attempt(isHardware: true), isStopping: true) == .ends)
    }

    @Test func `without a word of progress the limit counts, and the waits grow`() {
        #expect(decide(attempt(), limit: 0) == .spent)
        let killed = attempt(.signalled(SIGKILL), error: nil)
        #expect(waits([killed, killed, killed], limit: 2) == [5, 10, nil])
        let many = waits(Array(repeating: killed, count: 9), limit: 9)
        #expect(many == [5, 10, 20, 40, 80, 160, 300, 300, 300])
    }

    @Test func `a step forward gives all restarts anew, and the first wait`() {
        let steps: [Int64] = [3, 6, 9, 12, 15, 18]
        #expect(waits(steps.map { attempt(step: $0) }, limit: 2) == Array(repeating: 5, count: 6))
        let saved = steps.map { attempt(checkpoint: $0) }
        #expect(waits(saved, limit: 1) == Array(repeating: 5, count: 6))
        // What was reached before is no step forward.
        let back = [9, 3, 6, 9].map { attempt(error: nil, step: $0) }
        #expect(waits(back, limit: 2) == [5, 10, nil, nil])
    }

    @Test func `the same error at the same step ends it whatever is left`() {
        guard case .startsAgain(let record, 5) = decide(attempt(step: 3)) else {
            Issue.record("it is not started again")
            return
        }
        #expect(decide(attempt(step: 3), record, limit: 1000) == .repeats)
        var other = Self.error
        other.frame = "File \"/c/main.py\", line 9, in main"
        let different = [
            attempt(step: 2), attempt(step: 4), attempt(error: other, step: 3),
            attempt(error: PythonError.Found(exception: "KeyError: 3"), step: 3),
            attempt(error: nil, step: 3), attempt(step: nil), attempt(step: 3, checkpoint: 1),
        ]
        for attempt in different {
            #expect(decide(attempt, record, limit: 1000) != .repeats, "\(attempt)")
        }
        // Another error between them is not twice in a row.
        #expect(waits([3, 2, 3].map { attempt(step: $0) }, limit: 9) == [5, 10, 20])
    }

    @Test func `before the first step counts as a step, an unknown one does not`() {
        #expect(waits([0, 0].map { attempt(step: $0) }, limit: 9) == [5, nil])
        #expect(waits([attempt(), attempt(), attempt()], limit: 9) == [5, 10, 20])
    }

    @Test func `a network that is away may come back`() {
        let away = PythonError.Found(
            exception: "ConnectionError: no route", frame: Self.error.frame)
        #expect(waits([3, 3, 3].map { attempt(error: away, step: $0) }, limit: 9) == [5, 10, 20])
    }

    @Test(arguments: [Termination.exited(0), .signalled(SIGKILL)])
    func `one that was ended since it stood still is started again`(termination: Termination) {
        var stalled = attempt(termination, error: nil)
        stalled.end.wasStalled = true
        #expect(waits([stalled, stalled], limit: 1) == [5, nil])
        #expect(decide(stalled, isStopping: true) == .ends)
    }

    @Test func `what the hardware does uses no restart`() {
        let hardware = attempt(step: 3, isHardware: true)
        #expect(waits(Array(repeating: hardware, count: 4), limit: 0) == [5, 10, 20, nil])
        guard case .startsAgain(let record, _) = decide(hardware, limit: 0) else {
            Issue.record("it is not started again")
            return
        }
        #expect((record.spent, record.hardware) == (0, 1))
        var used = RestartRecord()
        used.hardware = RestartPolicy.mostOfHardware
        #expect(decide(hardware, used) != .hardware)
        used.step = 3
        #expect(decide(hardware, used) == .hardware)
    }
}
