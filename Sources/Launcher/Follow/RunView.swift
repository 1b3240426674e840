import Shared

/// One run as it is now: what the launcher remembers, what the machine is, what the agent says.
struct RunView: Sendable {
    var record: RunRecord
    var folder: RunFolder
    var machine: MachineState
    var status: RunStatus?

    /// Where a run is in its life, in one word.
    enum State: String, Codable, Sendable {
        /// A launcher is making it, or was killed while it did.
        case starting
        case running
        case ended
        /// The machine is gone and nobody said how it ended.
        case dead
        /// Downloaded and verified; the removal was cut off.
        case collected
    }

    var state: State {
        Self.state(stage: record.stage, machine: machine, outcome: status?.outcome)
    }

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

    /// Looks at the machine first: what the agent says after that is at least as new.
    ///
    /// - Parameter force: a status that cannot be read is none: what is broken must not keep a run
    ///   from being collected.
    static func look(
        at record: RunRecord, in folder: RunFolder, cloud: any Cloud, force: Bool = false
    ) async throws -> RunView {
        let known = record
        let record: RunRecord
        do {
            record = try await cloud.recovered(known, in: folder)
        } catch let failure as Failure {
            let machine: MachineState = force ? .gone : .unknown(failure.summary)
            return RunView(record: known, folder: folder, machine: machine)
        }
        // All of it is here already, and its bucket may be gone.
        guard record.stage != .collected else {
            return RunView(record: record, folder: folder, machine: .gone)
        }
        let machine = try await cloud.machineState(of: record, in: folder)
        var status: RunStatus?
        do {
            status = try await cloud.status(of: record, in: folder)
        } catch is Failure where force {}
        return RunView(record: record, folder: folder, machine: machine, status: status)
    }
}
