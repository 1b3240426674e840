import Shared

/// One run as a command works on it: what is known of it, its folder, its cloud, and what the
/// command itself may touch.
struct RunHandle: Sendable {
    var record: RunRecord
    let folder: RunFolder
    let cloud: any Cloud
    let context: Context
    /// What the team's bucket said of it last.
    var presence = Presence.known

    /// Whether the run is still there, as far as a bucket shared with other computers tells.
    enum Presence: String, Sendable {
        case known
        /// The state bucket has nothing of it any more, and the cloud has nothing of it either.
        case finishedElsewhere
        /// The state bucket has lost its document, and something of it may be left on the cloud.
        case lost
    }

    var name: RunName { record.run }

    /// Keeps the record for later calls.
    func save() throws { try folder.write(record) }

    /// The record as it is on the disk now: another launcher may have changed it.
    func reread() throws -> RunHandle {
        var run = self
        run.record = try folder.record()
        return run
    }

    /// With what became of a start whose launcher was killed.
    ///
    /// - Parameter force: what cannot be told of a start counts as cut off, and a computer at it as
    ///   gone.
    func recovered(force: Bool = false) async throws -> RunHandle {
        var run = self
        if force { run.record.startLease = nil }
        do {
            run.record = try await cloud.recovered(run)
        } catch is Failure where force {}
        return run
    }

    /// Keeps every other launcher off the run; nil if the folder is gone.
    ///
    /// - Throws: `Failure` if another launcher is at work on it.
    func lock() throws -> RunLock? { try RunLock.take(folder, of: name) }

    /// Looks at the run: what its agent says, then whether its machine is there.
    ///
    /// The status is read once. Only if the machine is gone without a last word is it read again:
    /// the agent may have written that between the two looks.
    ///
    /// - Parameter force: treats an unreadable status as missing: a broken file must not keep a run
    ///   from being collected.
    func look(force: Bool = false) async throws -> RunView {
        guard presence != .finishedElsewhere else { return RunView(run: self, machine: .gone) }
        let run: RunHandle
        do {
            run = try await recovered()
        } catch let failure as Failure {
            return RunView(run: self, machine: force ? .gone : .unknown(failure.summary))
        }
        // All of it is here already, and its bucket may be gone.
        guard run.record.stage != .collected else { return RunView(run: run, machine: .gone) }
        var status = try await run.status(force: force)
        let machine = try await cloud.machineState(of: run, status: status)
        if machine == .gone, status?.isLastWord != true {
            status = try await run.status(force: force)
        }
        return RunView(
            run: run, machine: machine, status: status,
            source: cloud.isThisComputer ? .machine : .bucket)
    }

    private func status(force: Bool) async throws -> RunStatus? {
        do {
            return try await cloud.status(of: self)
        } catch is Failure where force {
            return nil
        }
    }
}

extension RunStatus {
    /// The agent has nothing more to say: only the machine's power-off is left.
    var isLastWord: Bool { outcome != nil && (phase == .finished || phase == .powerOff) }
}
