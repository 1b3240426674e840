import Shared
import TestSupport
import Testing

@testable import Agent

@Suite struct StopRequestTests {
    @Test func `the first request is the reason, the second is urgent`() async {
        let stop = StopRequest()
        #expect(stop.reason == nil)
        stop.request(.deadline)
        await stop.requested()
        #expect(stop.reason == .deadline)
        #expect(!stop.isUrgent)
        stop.request(.signal(SIGTERM))
        await stop.urgent()
        #expect(stop.reason == .deadline)
        #expect(stop.isUrgent)
    }

    @Test(.timeLimit(.minutes(10)))
    func `every waiter wakes`() async {
        let stop = StopRequest()
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { await stop.requested() } }
            group.addTask { stop.request(.preempted) }
        }
        #expect(stop.reason == .preempted)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a cancelled waiter returns`() async {
        let stop = StopRequest()
        let waiter = Task { await stop.requested() }
        waiter.cancel()
        await waiter.value
        #expect(stop.reason == nil)
    }

    @Test func `the power button after a notice gives up no grace`() {
        let clock = ManualClock()
        let stop = StopRequest(clock: clock)
        #expect(stop.takenAway(PreemptionNotice(allowed: .seconds(110))))
        stop.request(.signal(SIGTERM), isOpen: false)
        #expect(stop.reason == .preempted)
        #expect(!stop.isUrgent)
        #expect(stop.timeLeft == .seconds(110))
        #expect(stop.graceLeft(.seconds(3600)) == .seconds(55))
        stop.request(.signal(SIGTERM))
        #expect(stop.isUrgent)
    }

    @Test func `a notice answers what a signal was for`() async {
        let stop = StopRequest(clock: ManualClock())
        stop.request(.signal(SIGTERM), isOpen: true)
        stop.takenAway(PreemptionNotice(allowed: .seconds(110)))
        await stop.decided()
        await stop.losesMachine()
        #expect(stop.reason == .preempted)
        // systemd stops the agent too: the notice's time is not there any more.
        stop.goesDown()
        #expect(stop.timeLeft == .seconds(22))
    }

    @Test func `a notice during a user's stop cuts its time and keeps its reason`() async throws {
        let clock = ManualClock()
        let stop = StopRequest(clock: clock)
        stop.request(.signal(SIGTERM))
        let shrinking = Task { await stop.timeShrinks(before: nil) }
        try await clock.sleep(for: .seconds(10))
        stop.takenAway(PreemptionNotice(allowed: .seconds(26)))
        await shrinking.value
        await stop.losesMachine()
        #expect(stop.reason == .signal(SIGTERM))
        #expect(stop.timeLeft == .seconds(26))
        #expect(stop.graceLeft(.seconds(3600)) == .seconds(13))
        #expect(stop.graceLeft(.seconds(20)) == .seconds(10))
        #expect(!stop.takenAway(PreemptionNotice(allowed: .seconds(3))))
        #expect(stop.timeLeft == .seconds(26))
    }
}
