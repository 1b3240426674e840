import Shared
import TestSupport
import Testing

/// What is done to a run, and when: one cell of the kill matrix.
struct Blow: Sendable, CustomTestStringConvertible {
    enum Victim: String, Sendable, CaseIterable {
        /// Started again at once, as systemd does.
        case agentKilled
        /// Asked to end, as a shutdown of the machine does.
        case agentTerminated
        /// Stopped for a while: a machine that swaps, or a host that moves it.
        case agentFrozen
        case trainerKilled
        case rankKilled
        case keeperKilled

        var isAgent: Bool {
            switch self {
            case .agentKilled, .agentTerminated, .agentFrozen: true
            case .trainerKilled, .rankKilled, .keeperKilled: false
            }
        }
    }

    var victim: Victim
    var phase: Phase
    /// A while after the phase began; else at once.
    var isLater: Bool

    var testDescription: String {
        "\(victim.rawValue), \(isLater ? "in" : "at the start of") \(phase.rawValue)"
    }

    /// All cells: the trainer and its like are there in one phase alone.
    static let all: [Blow] = Victim.allCases.flatMap { victim in
        Phase.allCases.filter { $0 == .train || (victim.isAgent && $0 != .finished) }
            .flatMap { phase in
                [false, true].map { Blow(victim: victim, phase: phase, isLater: $0) }
            }
    }

    /// Some of them, each phase and each victim in turn; `TRAIN_KILL_BLOWS` says how many.
    static func drawn(seed: UInt64) -> [Blow] {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["TRAIN_KILL_BLOWS"].flatMap { Int($0) } ?? 4
        var random = SeededRandom(seed: seed)
        return Array(all.shuffled(using: &random).prefix(count))
    }
}
