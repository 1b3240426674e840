import Shared

/// One run as it is now: what the launcher remembers, what the machine is, what the agent says.
struct RunView: Sendable {
    var run: RunHandle
    var machine: MachineState
    var status: RunStatus?
    /// Where the status was read.
    var source = SourceKind.bucket

    var record: RunRecord { run.record }

    /// Where a run is in its life, in one word.
    enum State: String, Codable, Sendable {
        /// A launcher is making it, or was killed while it did.
        case starting
        case running
        case ended
        /// The machine is gone without an outcome.
        case dead
        /// Downloaded and verified; the removal was cut off.
        case collected
        /// Another computer brought it home; only this computer's folder is left.
        case finishedElsewhere = "finished_elsewhere"
    }

    var state: State {
        guard run.presence != .finishedElsewhere else { return .finishedElsewhere }
        return Self.state(stage: record.stage, machine: machine, outcome: status?.outcome)
    }

    /// The training has ended and its agent has told how; the machine is still going off.
    var isGoingOff: Bool { state == .running && status?.isLastWord == true }

    /// A machine that cannot be seen counts as running: nothing of it may be destroyed.
    static func state(
        stage: RunRecord.Stage, machine: MachineState, outcome: Outcome?
    ) -> State {
        switch (stage, machine) {
        case (.collected, _): .collected
        case (.starting, .gone): .starting
        case (_, .gone): outcome == nil ? .dead : .ended
        case (_, .running), (_, .unknown): .running
        }
    }
}
