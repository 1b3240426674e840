import Shared

/// When which phase ran on which machine, from the events that the agents wrote.
struct PhaseTimeline: Sendable, Equatable {
    /// A phase from its start to its end.
    struct Interval: Sendable, Equatable {
        var phase: Phase
        /// Of the trainer, restarts counted in.
        var attempt: Int
        var start: Date
        var end: Date
        /// Nobody wrote its end: the agent was killed, or it still runs.
        var isOpen: Bool
    }

    /// From the first to the last sign of one machine.
    struct Machine: Sendable, Equatable {
        var start: Date
        var end: Date
        var intervals: [Interval] = []
        /// The kernel's, where the agent told it: two agents of one boot share a machine.
        var boot: String?
    }

    private(set) var machines: [Machine] = []

    /// - Parameter end: until when the last machine is known to have been there.
    init(events: [Event], end: Date) {
        var open: [Phase: (start: Date, attempt: Int)] = [:]
        // The last machine has told its boot, and nothing of its phases.
        var isFresh = false
        var isSameBoot = false
        for event in events.sorted(by: { $0.time < $1.time }) {
            if let boot = Self.text(event.details?["boot_id"]) {
                isSameBoot = machines.last?.boot == boot
                if !isSameBoot {
                    begin(event, closing: &open)
                    isFresh = true
                    note(boot, bootedAt: Self.seconds(event.details?["booted_at"]))
                }
            } else if event.kind == .phaseStarted, event.phase == .prepare {
                // Another agent of the same machine, after one that was killed.
                if isSameBoot { close(&open) } else if !isFresh { begin(event, closing: &open) }
                (isFresh, isSameBoot) = (false, false)
            } else if machines.isEmpty {
                begin(event, closing: &open)
            }
            machines[machines.count - 1].end = max(machines[machines.count - 1].end, event.time)
            guard let phase = event.phase else { continue }
            if event.kind == .phaseStarted {
                open[phase] = (event.time, event.attempt)
            } else if event.kind == .phaseEnded, let (start, attempt) = open[phase] {
                open[phase] = nil
                append(phase, attempt, start, event.time, isOpen: false)
            }
        }
        guard !machines.isEmpty else { return }
        machines[machines.count - 1].end = max(machines[machines.count - 1].end, end)
        close(&open)
    }

    private mutating func begin(
        _ event: Event, closing open: inout [Phase: (start: Date, attempt: Int)]
    ) {
        if !machines.isEmpty { close(&open) }
        machines.append(Machine(start: event.time, end: event.time))
    }

    /// The time from the boot to the agent is paid for too.
    private mutating func note(_ boot: String, bootedAt: Date?) {
        let index = machines.count - 1
        machines[index].boot = boot
        guard let bootedAt, bootedAt < machines[index].start,
            index == 0 || bootedAt > machines[index - 1].end,
            machines[index].start.timeIntervalSince(bootedAt) < Self.longestBoot
        else { return }
        machines[index].start = bootedAt
    }

    /// In seconds. A machine that was up for longer before its agent came was not made for the run.
    private static let longestBoot = 3600.0

    /// The agent died before these ended, no later than its machine's last sign.
    private mutating func close(_ open: inout [Phase: (start: Date, attempt: Int)]) {
        let end = machines[machines.count - 1].end
        for (phase, begun) in open.sorted(by: { $0.key < $1.key }) {
            append(phase, begun.attempt, begun.start, end, isOpen: true)
        }
        open = [:]
    }

    private mutating func append(
        _ phase: Phase, _ attempt: Int, _ start: Date, _ end: Date, isOpen: Bool
    ) {
        machines[machines.count - 1].intervals.append(
            Interval(phase: phase, attempt: attempt, start: start, end: end, isOpen: isOpen))
    }

    private static func text(_ value: JSONValue?) -> String? {
        if case .string(let text)? = value { text } else { nil }
    }

    private static func seconds(_ value: JSONValue?) -> Date? {
        switch value {
        case .integer(let seconds)?: Date(timeIntervalSince1970: Double(seconds))
        case .number(let seconds)? where abs(seconds) < 1e12: Date(timeIntervalSince1970: seconds)
        default: nil
        }
    }

    var intervals: [Interval] { machines.flatMap(\.intervals) }
    var start: Date? { machines.first?.start }
    var end: Date? { machines.last?.end }
}
