import Shared
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
}
