import Shared

/// What to do where a run of that name is there already.
struct ExistingRun: Sendable {
    let context: Context
    let cloud: any Cloud
    let steps: Steps
    /// Whether the user wants one that ended without success out of the way.
    var isReplaced = false

    /// Removes what an interrupted start left, and the folder of a run that another computer has
    /// finished; refuses for all else.
    ///
    /// - Parameter stateBucket: another computer may have started a run of that name.
    /// - Throws: `Failure` saying what the run is and the way on.
    func resolve(
        _ name: RunName, in folder: RunFolder, stateBucket: String? = nil,
        access: StoreAccess = StoreAccess()
    ) async throws {
        if let stateBucket, !exists(folder.recordPath) {
            try await cloud.attach(name, stateBucket: stateBucket, access: access, to: folder)
        }
        var presence = RunHandle.Presence.known
        if let record = try? folder.record(), record.run == name {
            presence = try await RunStore(context: context)
                .open(handle(record, folder), credentialsPath: access.credentialsPath).presence
        }
        guard let lock = try RunLock.take(folder, of: name) else { return }
        defer { withExtendedLifetime(lock) {} }
        guard exists(folder.recordPath) else {
            // Killed before it could write anything down: nothing can have been made.
            try folder.remove()
            return
        }
        var run = handle(try folder.record(), folder)
        guard run.name == name else {
            throw Failure("\(quoted(folder.path)) belongs to the run \(run.name)")
        }
        run.presence = presence
        try await resolve(try await run.look(), now: context.now())
    }

    private func handle(_ record: RunRecord, _ folder: RunFolder) -> RunHandle {
        RunHandle(record: record, folder: folder, cloud: cloud, context: context)
    }

    private func resolve(_ view: RunView, now: Date) async throws {
        let run = view.run
        switch view.state {
        case .starting:
            steps.line.say("  removing what an interrupted start of \(run.name) left")
            try await cloud.destroy(run, force: false, steps: steps)
            try run.folder.remove()
        case .finishedElsewhere:
            steps.line.say("  \(run.name) was finished by another computer")
            try run.folder.remove()
        case .running:
            throw Failure(
                "a run \(run.name) is alive already: \(StatusText.headline(view, now: now))",
                hint: "look at it: train status \(run.name); stop and collect it: "
                    + "train finish \(run.name) --stop; "
                    + "or give this one another --code_name or --dataset_name")
        case .ended, .dead, .collected:
            if isReplaced, try mayReplace(view) { return try await discard(view) }
            throw Failure(
                "a run \(run.name) has ended, and its output was not collected yet",
                hint: StatusText.hint(view))
        }
    }

    /// What succeeded, or is here already, is not lost by a flag that is typed out of habit.
    private func mayReplace(_ view: RunView) throws -> Bool {
        guard view.state != .collected, view.status?.outcome?.kind == .succeeded else {
            return true
        }
        let name = view.run.name
        throw Failure(
            "the run \(name) has succeeded, and --replace would lose its output",
            hint: "collect it: train finish \(name); or discard it: "
                + "train finish \(name) --discard \(name)")
    }

    private func discard(_ view: RunView) async throws {
        let run = view.run
        let end = view.status?.outcome.map { OutcomeText($0).line } ?? "its agent left no outcome"
        steps.line.say("  discarding the run \(run.name) with its output: \(oneLine(end))")
        try await cloud.destroy(run, force: view.state == .dead, steps: steps)
        try run.folder.remove()
    }
}
