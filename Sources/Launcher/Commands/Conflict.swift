import Shared

/// What to do where a run of that name is there already.
struct Conflict: Sendable {
    let context: Context
    let cloud: any Cloud
    let line: LiveLine

    /// Removes what an interrupted start left; refuses for all else.
    ///
    /// - Throws: `Failure` saying what the run is and the way on.
    ///
    /// - Parameter stateBucket: another computer may have started a run of that name.
    func resolve(
        _ run: RunName, in folder: RunFolder, stateBucket: String? = nil,
        access: StoreAccess = StoreAccess()
    ) async throws {
        if let stateBucket, !exists(folder.recordPath) {
            try await cloud.attach(run, stateBucket: stateBucket, access: access, to: folder)
        } else if let record = try? folder.record(), record.run == run {
            let record = try await RunLookup.rekeyed(
                record, access.credentialsPath, in: folder, on: cloud)
            _ = try await RunLookup.refreshed(record, in: folder, on: cloud)
        }
        guard let lock = try RunLock.take(folder, of: run) else { return }
        defer { withExtendedLifetime(lock) {} }
        guard exists(folder.recordPath) else {
            // Killed before it could write anything down: nothing can have been made.
            try folder.remove()
            return
        }
        let record = try folder.record()
        guard record.run == run else {
            throw Failure("\(quoted(folder.path)) belongs to the run \(record.run)")
        }
        let view = try await RunView.look(at: record, in: folder, cloud: cloud)
        switch view.state {
        case .starting:
            line.say("  removing what an interrupted start of \(run) left")
            try await cloud.destroy(record, in: folder, force: false, steps: Steps(line))
            try folder.remove()
        case .running:
            throw Failure(
                "a run \(run) is alive already: \(StatusText.headline(view, now: context.now()))",
                hint:
                    "look at it: train status \(run); stop and collect it: train finish \(run) --stop; "
                    + "or give this one another --code_name or --dataset_name")
        case .ended, .dead, .collected:
            throw Failure(
                "a run \(run) has ended, and its output was not collected yet",
                hint: StatusText.hint(view))
        }
    }
}
