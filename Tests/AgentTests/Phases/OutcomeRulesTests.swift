import Shared
import Testing

@testable import Agent

@Suite struct OutcomeRulesTests {
    struct Row: Sendable, CustomStringConvertible {
        var description: String
        var results: [Phase: PhaseResult] = [.prepare: .succeeded]
        var trainer: Termination?
        var reason: StopReason?
        var kind: Outcome.Kind
        var phase: Phase
        var exit: Int32
    }

    static let failed = PhaseResult.failed(
        Failure("it broke", detail: "last words", hint: "mend it"))

    static let rows: [Row] = [
        Row(
            description: "success", results: [.train: .succeeded], trainer: .exited(0),
            kind: .succeeded, phase: .train, exit: 0),
        Row(
            description: "success, and a stop in the same moment", results: [.train: .succeeded],
            trainer: .exited(0), reason: .signal(SIGTERM), kind: .succeeded, phase: .train, exit: 0),
        Row(
            description: "exit 3", results: [.train: failed], trainer: .exited(3), kind: .failed,
            phase: .train, exit: 3),
        Row(
            description: "out of memory", results: [.train: failed], trainer: .signalled(SIGKILL),
            kind: .failed, phase: .train, exit: 137),
        Row(
            description: "stopped, the trainer obeyed", results: [.train: failed],
            trainer: .signalled(SIGTERM), reason: .signal(SIGTERM), kind: .stopped, phase: .train,
            exit: 143),
        Row(
            description: "stopped, the trainer left with a status of its own",
            results: [.train: failed], trainer: .exited(7), reason: .signal(SIGINT),
            kind: .stopped, phase: .train, exit: 7),
        Row(
            description: "deadline", results: [.train: failed], trainer: .signalled(SIGTERM),
            reason: .deadline, kind: .deadline, phase: .train, exit: 143),
        Row(
            description: "deadline during set-up", results: [.dataset: .cancelled],
            reason: .deadline, kind: .deadline, phase: .dataset, exit: 1),
        Row(
            description: "cost", results: [.train: failed], trainer: .signalled(SIGTERM),
            reason: .cost, kind: .cost, phase: .train, exit: 143),
        Row(
            description: "preempted", results: [.train: failed], trainer: .signalled(SIGTERM),
            reason: .preempted, kind: .preempted, phase: .train, exit: 143),
        Row(
            description: "stood still", results: [.train: failed], trainer: .signalled(SIGKILL),
            reason: .stalled(report: "logs/stall-1.txt"), kind: .stalled, phase: .train, exit: 137),
        Row(
            description: "stood still, and left with 0 when it was asked to",
            results: [.train: failed], trainer: .exited(0), reason: .stalled(report: nil),
            kind: .stalled, phase: .train, exit: 1),
        Row(
            description: "set-up failed",
            results: [.prepare: .succeeded, .dependencies: failed, .dataset: .cancelled],
            kind: .setupFailed, phase: .dependencies, exit: 125),
        Row(
            description: "stopped during set-up", results: [.dataset: .cancelled],
            reason: .signal(SIGTERM), kind: .stopped, phase: .dataset, exit: 1),
    ]

    @Test(arguments: rows)
    func `the outcome names kind, phase and exit status`(row: Row) {
        let outcome = OutcomeRules.outcome(
            results: row.results, trainer: row.trainer, reason: row.reason)
        #expect(outcome.kind == row.kind)
        #expect(outcome.phase == row.phase)
        #expect(outcome.processExitStatus == row.exit)
        #expect(!outcome.message.isEmpty)
    }

    @Test func `a failed set-up brings the reason, the log's last lines and the hint`() {
        let outcome = OutcomeRules.outcome(
            results: [.dependencies: Self.failed], trainer: nil, reason: nil)
        #expect(outcome.message == "it broke")
        #expect(outcome.lastLines == "last words")
        #expect(outcome.hint == "mend it")
    }
}
