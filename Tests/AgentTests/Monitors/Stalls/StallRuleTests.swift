import Shared
import TestSupport
import Testing

@testable import Agent

/// When a training stands still, by the rule alone: hours pass in no time.
@Suite struct StallRuleTests {
    /// A training as the rule sees it, looked at every ten seconds.
    private struct Training {
        var rule: StallRule
        var step: Int64?
        /// Seconds at which somebody was told, and after how long without a step.
        var told: [(time: Double, stood: Double)] = []
        var resumed: [Double] = []
        private(set) var time = 0.0
        private var isPrinting = false
        private var looked = 0.0

        init(given: Double? = nil) { rule = StallRule(given: given) }

        /// Lets so many seconds pass without a step.
        mutating func wait(_ seconds: Double, printing: Bool = false) {
            let end = time + seconds
            while looked + 10 <= end {
                looked += 10
                look(at: looked, printing || isPrinting)
                isPrinting = false
            }
            // What is printed between two looks is seen at the next one.
            isPrinting = isPrinting || printing
            time = end
        }

        mutating func makeStep() { step = (step ?? 0) + 1 }

        mutating func steps(_ count: Int, of seconds: Double) {
            for _ in 0..<count {
                wait(seconds)
                makeStep()
            }
        }

        private mutating func look(at moment: Double, _ hasPrinted: Bool) {
            rule.look(
                StallRule.Look(elapsed: 10, start: 7, step: step, hasPrinted: hasPrinted))
            if let stood = rule.takeResumed() { resumed.append(stood) }
            guard rule.mustTell else { return }
            told.append((moment, rule.standing))
            rule.told()
        }
    }

    @Test func `a training that stops in the middle is found after five minutes, once`() {
        var training = Training()
        training.steps(2000, of: 0.5)
        training.wait(3000)
        #expect(training.told.count == 1)
        #expect(training.told.first.map { (300...330).contains($0.stood) } == true)
    }

    @Test func `steps of two minutes have a limit of more than twenty`() {
        var training = Training()
        training.steps(80, of: 120)
        training.wait(1190)
        #expect(training.told.isEmpty)
        training.wait(600)
        #expect(training.told.count == 1)
    }

    @Test func `a pause that ended by itself is no stall the next time`() {
        var training = Training()
        training.steps(500, of: 1)
        training.wait(900)
        #expect(training.told.count == 1)
        for _ in 1...5 {
            training.steps(500, of: 1)
            training.wait(900)
        }
        #expect(training.told.count == 1)
        #expect(training.resumed.count == 1)
        #expect(training.resumed.first.map { (890...920).contains($0) } == true)
    }

    @Test func `what prints without a step is waited for an hour longer`() {
        var training = Training()
        training.steps(500, of: 1)
        for _ in 1...35 { training.wait(100, printing: true) }
        #expect(training.told.isEmpty)
        for _ in 1...10 { training.wait(100, printing: true) }
        #expect(training.told.count == 1)
    }

    @Test func `before the first steps only half an hour of silence counts`() {
        var training = Training()
        for _ in 1...100 { training.wait(1000, printing: true) }
        #expect(training.told.isEmpty)
        training.wait(1900)
        #expect(training.told.count == 1)
        // The loading goes on.
        training.wait(10, printing: true)
        training.wait(20)
        #expect(training.resumed.count == 1)
    }

    @Test func `after the last step its end may take its time`() {
        var rule = StallRule()
        for step in 1...200 {
            rule.look(.init(elapsed: 10, start: 1, step: Int64(step)))
        }
        for _ in 1...150 {
            rule.look(.init(elapsed: 10, start: 1, step: 200, isLastStep: true))
            #expect(!rule.mustTell)
        }
    }

    @Test func `a written file is a sign of life`() {
        var training = Training()
        training.steps(500, of: 1)
        for _ in 1...200 {
            training.wait(10)
            training.rule.grew(ago: 5)
        }
        #expect(training.told.isEmpty)
    }

    @Test func `the user's own limit counts, whatever is printed`() {
        var training = Training(given: 60)
        training.steps(20, of: 1)
        for _ in 1...10 { training.wait(10, printing: true) }
        #expect(training.told.count == 1)
        #expect(training.rule.mayAct)
    }

    @Test func `without a limit of the user's nothing is restarted for half an hour`() {
        var training = Training()
        training.steps(1000, of: 1)
        training.wait(1700)
        #expect(training.told.count == 1)
        #expect(!training.rule.mayAct)
        training.wait(200)
        #expect(training.rule.mayAct)
    }

    @Test func `an agent that slept for a night blames nobody`() {
        var rule = StallRule()
        for step in 1...200 { rule.look(.init(elapsed: 10, start: 1, step: Int64(step))) }
        rule.look(.init(elapsed: 30_000, start: 1, step: 200))
        #expect(!rule.mustTell)
    }

    @Test func `a second start of the trainer begins without a step and keeps the pace`() {
        var training = Training()
        training.steps(1000, of: 1)
        let before = training.rule.limit
        training.rule.look(.init(elapsed: 10, start: 8, step: nil))
        #expect(training.rule.limit == StallRule.limitWithoutPace)
        for step in 1...20 {
            training.rule.look(.init(elapsed: 10, start: 8, step: Int64(step * 10)))
        }
        #expect(training.rule.limit == before)
    }

    /// Evaluations that print and that do not, checkpoints, slow storage, a pace that changes.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a hundred hours of uneven steps are no stall, and a hang is found`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var training = Training()
        let usual = pow(10, Double.random(in: -1.5...1.8, using: &random))
        let every = Int.random(in: 200...2000, using: &random)
        let quiet = Double.random(in: 10...270, using: &random)
        let loud = Double.random(in: 60...3000, using: &random)
        var count = 0
        while training.time < 360_000 {
            // Nine of ten within a factor of three; one in a thousand waits for its storage.
            let spread = pow(3, Double.random(in: -1...1, using: &random))
            let isSlow = Int.random(in: 0..<1000, using: &random) == 0
            training.wait(isSlow ? Double.random(in: 10...240, using: &random) : usual * spread)
            training.makeStep()
            count += 1
            guard count % every == 0 else { continue }
            training.wait(quiet * Double.random(in: 0.5...1, using: &random))
            let end = training.time + loud
            while training.time < end { training.wait(30, printing: true) }
        }
        #expect(training.told.isEmpty, "\(training.told) at a pace of \(usual) s")
        training.wait(4 * 3600)
        #expect(training.told.count == 1)
    }
}
