import Shared
import Testing

@testable import Launcher

@Suite struct ReceiptTests {
    private let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func event(
        _ seconds: Double, _ kind: Event.Kind, _ phase: Phase? = nil, attempt: Int = 1,
        _ details: [String: JSONValue]? = nil
    ) -> Event {
        Event(
            time: start.addingTimeInterval(seconds), kind: kind, attempt: attempt, phase: phase,
            message: "", details: details)
    }

    private func phase(
        _ phase: Phase, _ from: Double, _ to: Double, attempt: Int = 1
    ) -> [Event] {
        [
            event(from, .phaseStarted, phase, attempt: attempt),
            event(to, .phaseEnded, phase, attempt: attempt),
        ]
    }

    private func receipt(
        _ events: [Event], end: Double, series: [Series] = [], price: Double? = nil
    ) -> Receipt {
        let timeline = PhaseTimeline(events: events, end: start.addingTimeInterval(end))
        return Receipt(timeline, series: series, hourlyPrice: price)
    }

    @Test func `every second of a run belongs to one part`() {
        let events =
            phase(.prepare, 0, 2) + phase(.code, 2, 5) + phase(.dataset, 5, 65)
            + phase(.dependencies, 5, 35) + phase(.restore, 5, 6) + phase(.train, 65, 3665)
            + phase(.finalSync, 3665, 3695) + [event(3700, .phaseStarted, .powerOff)]
        let receipt = receipt(events, end: 3705, price: 2)
        #expect(receipt.seconds[.setUp] == 35)
        // What the training waited for once its packages were there.
        #expect(receipt.seconds[.data] == 30)
        #expect(receipt.seconds[.trained] == 3600)
        #expect(receipt.seconds[.finalSync] == 30)
        #expect(receipt.seconds[.idle] == 10)
        #expect(receipt.total == 3705)
        #expect(receipt.cost(3600) == 2)
        #expect(
            receipt.line
                == "1h1m (2.06): 97 % trained and kept, 1 % set-up, 1 % waiting for data, "
                + "1 % final sync, 0 % idle")
    }

    @Test func `what a preempted machine did after its last kept step was done again`() {
        let events =
            phase(.prepare, 0, 10) + [event(10, .phaseStarted, .train)]
            + [event(109, .sync)]
            + phase(.prepare, 500, 510, attempt: 2) + phase(.train, 510, 610, attempt: 2)
            + phase(.finalSync, 610, 620, attempt: 2)
        var loss = Series(name: "loss", source: .metrics)
        func train(_ steps: Range<Int64>, from seconds: Double, attempt: Int) {
            for step in steps {
                let time = 1_800_000_000 + seconds + Double(step - steps.lowerBound)
                loss.append(step: step, time: time, value: 1, attempt: attempt)
            }
        }
        // A step a second; the checkpoint that the second machine found is of step 70.
        train(0..<100, from: 10, attempt: 1)
        train(70..<170, from: 510, attempt: 2)
        let receipt = receipt(events, end: 620, series: [loss])
        // Nobody pays between the machines.
        #expect(receipt.total == 109 + 120)
        #expect(receipt.seconds[.redone] == 29)
        #expect(receipt.seconds[.trained] == 170)
        #expect(receipt.cost(1) == nil)
    }

    @Test func `a run whose agent was killed in any phase has a receipt that adds up`() {
        let whole =
            phase(.prepare, 0, 2) + phase(.dataset, 2, 30) + phase(.dependencies, 2, 40)
            + phase(.train, 40, 100) + phase(.finalSync, 100, 110)
        for count in 1...whole.count {
            let events = Array(whole.sorted { $0.time < $1.time }.prefix(count))
            let last = events.last?.time ?? start
            let timeline = PhaseTimeline(events: events, end: last.addingTimeInterval(7))
            let receipt = Receipt(timeline, series: [], hourlyPrice: nil)
            #expect(receipt.total == last.timeIntervalSince(start) + 7)
        }
        #expect(self.receipt([], end: 5).total == 0)
        #expect(self.receipt([], end: 5).line == nil)
    }

    @Test func `a rented machine costs from its boot, also between two agents`() {
        func boot(_ seconds: Double, _ id: String, up: Double, attempt: Int = 1) -> Event {
            event(
                seconds, .note, attempt: attempt,
                [
                    "boot_id": .string(id),
                    "booted_at": .number(1_800_000_000 + seconds - up),
                ])
        }
        let events =
            [boot(0, "a", up: 45)] + phase(.prepare, 0, 10) + [event(10, .phaseStarted, .train)]
            // Killed at 20 with its trainer, started again at 50.
            + [event(20, .sync), boot(50, "a", up: 95, attempt: 2)]
            + phase(.prepare, 50, 60, attempt: 2) + phase(.train, 60, 100, attempt: 2)
            + [boot(300, "b", up: 30, attempt: 3)] + phase(.prepare, 300, 310, attempt: 3)
        let timeline = PhaseTimeline(events: events, end: start.addingTimeInterval(310))
        #expect(timeline.machines.count == 2)
        #expect(timeline.machines.map { $0.end.timeIntervalSince($0.start) } == [145, 40])
        let receipt = Receipt(timeline, series: [], hourlyPrice: nil)
        #expect(receipt.total == 185)
        // Up for a day before the agent came: not made for this run.
        let old = [boot(0, "c", up: 86_400)] + phase(.prepare, 0, 10)
        #expect(self.receipt(old, end: 10).total == 10)
    }

    @Test func `an agent that adopts its trainer leaves the training whole`() {
        let id: [String: JSONValue] = ["boot_id": "a"]
        let events =
            [event(0, .note, nil, id)] + phase(.prepare, 0, 5)
            + [event(5, .phaseStarted, .train), event(30, .note, nil, id)]
            + [event(65, .phaseEnded, .train)]
        #expect(receipt(events, end: 65).seconds[.trained] == 60)
    }

    @Test(arguments: [(0.0, "0.00"), (2.345, "2.35"), (-1.5, "-1.50"), (1e300, "unknown")])
    func `amounts have two decimals`(amount: Double, text: String) {
        #expect(price(amount) == text)
    }
}
