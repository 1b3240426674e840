import Shared
import Testing

@testable import Agent

@Suite struct PhaseTableTests {
    struct Row: Sendable, CustomStringConvertible {
        var description: String
        var results: [Phase: PhaseResult] = [:]
        var running: Set<Phase> = []
        var stopping = false
        var expected: PhaseTable.Step
    }

    static let ready: [Phase: PhaseResult] = [
        .prepare: .succeeded, .code: .succeeded, .dataset: .succeeded, .dependencies: .succeeded,
        .gpu: .skipped, .restore: .skipped,
    ]
    static let broken = PhaseResult.failed(Failure("broken"))

    static let rows: [Row] = [
        Row(description: "a new run prepares", expected: .begin([.prepare])),
        Row(
            description: "nothing runs beside prepare", running: [.prepare],
            expected: .wait(cancel: [])),
        Row(
            description: "the code follows", results: [.prepare: .succeeded],
            expected: .begin([.code])),
        Row(
            description: "four phases run side by side",
            results: [.prepare: .succeeded, .code: .succeeded],
            expected: .begin([.dataset, .dependencies, .gpu, .restore])),
        Row(
            description: "training waits for the last of them",
            results: ready.filter { $0.key != .dataset }, running: [.dataset],
            expected: .wait(cancel: [])),
        Row(description: "then it trains", results: ready, expected: .begin([.train])),
        Row(
            description: "a failed preparation ends the run", results: [.prepare: broken],
            expected: .end),
        Row(
            description: "a failed install cancels the dataset and spares the restore",
            results: [.prepare: .succeeded, .code: .succeeded, .dependencies: broken],
            running: [.dataset, .gpu, .restore], expected: .wait(cancel: [.dataset, .gpu])),
        Row(
            description: "a request to stop cuts the restore off too",
            results: [.prepare: .succeeded, .code: .succeeded],
            running: [.dataset, .restore], stopping: true,
            expected: .wait(cancel: [.dataset, .restore])),
        Row(
            description: "the trainer stops by itself", results: ready, running: [.train],
            stopping: true, expected: .wait(cancel: [])),
        Row(
            description: "a stop between two phases ends the run", results: [.prepare: .succeeded],
            stopping: true, expected: .end),
        Row(
            description: "a stop before training never begins it", results: ready, stopping: true,
            expected: .end),
        Row(
            description: "after the training comes the end",
            results: ready.merging([.train: .succeeded]) { $1 }, expected: .end),
        Row(
            description: "also after a failed one",
            results: ready.merging([.train: broken]) { $1 }, expected: .end),
    ]

    @Test(arguments: rows)
    func `the table says what follows`(row: Row) {
        let step = PhaseTable.next(
            results: row.results, running: row.running, stopping: row.stopping)
        #expect(step == row.expected)
    }

    /// Every combination of one failing phase, in every order of ending, reaches the end.
    @Test func `no order of results leaves a run hanging`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var results: [Phase: PhaseResult] = [:]
            var running: Set<Phase> = []
            var steps = 0
            loop: while true {
                steps += 1
                #expect(steps < 100)
                switch PhaseTable.next(results: results, running: running, stopping: false) {
                case .end: break loop
                case .begin(let phases):
                    #expect(!phases.isEmpty && phases.isDisjoint(with: running))
                    running.formUnion(phases)
                case .wait:
                    guard let phase = running.randomElement(using: &generator) else {
                        Issue.record("waits for nothing")
                        break loop
                    }
                    running.remove(phase)
                    results[phase] = Bool.random() || Bool.random() ? .succeeded : Self.broken
                }
            }
            #expect(running.isEmpty)
        }
    }
}
