import Shared

/// `train finish`: downloads, verifies, and only then destroys. It can be killed at any point and
/// called again.
struct Finish: Sendable {
    let context: Context

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "finish", FinishArguments.self,
            summary: "Brings the output home, checks every byte, and removes the machine.",
            discussion: """
                Makes the folder TIMESTAMP_CODE_DATASET with output, logs and run in it. As long as
                a byte is missing or differs, nothing is destroyed. It can be broken off at any
                point and called again.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            let collected = try await Finish(context: context).perform(arguments)
            guard let collected else { return ExitCode.ok.rawValue }
            if arguments.json {
                try context.console.printJSON(collected)
            } else {
                context.console.output(collected.text)
            }
            return ExitCode.ok.rawValue
        }
    }

    /// - Returns: nil where there was nothing to collect.
    func perform(_ arguments: FinishArguments) async throws -> Collected? {
        let (folder, found, cloud) = try await RunLookup(context: context).find(arguments.address)
        let force = try isForced(arguments, run: found.run)
        let record = try await recovered(found, in: folder, on: cloud, force: force)
        let view = try await atRest(record, in: folder, cloud: cloud, arguments, force: force)
        let line = context.progress()
        defer { line.clear() }
        do {
            return try await context.interruptible {
                guard let lock = try RunLock.take(folder, of: record.run) else { return nil }
                defer { withExtendedLifetime(lock) {} }
                return try await finish(
                    view, cloud: cloud, destination: arguments.destination, force: force,
                    line: line)
            }
        } catch let interrupted as Interrupted {
            throw Failure(
                "interrupted; what is downloaded stays, and nothing of it is lost",
                hint: "go on with: train finish \(record.run)",
                exitStatus: ExitCode.signalled(interrupted.signal))
        }
    }

    /// The name has to be typed a second time: this is what loses output.
    private func isForced(_ arguments: FinishArguments, run: RunName) throws -> Bool {
        guard let typed = arguments.force else { return false }
        guard typed == run.description else {
            throw Failure.usage(
                "--force \(quoted(typed)) is not the run's name",
                hint: "give it in full: --force \(run)")
        }
        return true
    }

    /// By force, what cannot be told of a start counts as cut off, and a computer at it as gone.
    private func recovered(
        _ record: RunRecord, in folder: RunFolder, on cloud: any Cloud, force: Bool
    ) async throws -> RunRecord {
        var record = record
        if force { record.startLease = nil }
        do {
            return try await cloud.recovered(record, in: folder)
        } catch is Failure where force {
            return record
        }
    }

    /// Brings the run to its end as the flags ask, or refuses.
    private func atRest(
        _ record: RunRecord, in folder: RunFolder, cloud: any Cloud, _ arguments: FinishArguments,
        force: Bool
    ) async throws -> RunView {
        // Where the agent is gone its trainer may still write: that ends first too.
        if force, record.stage == .started { try await cloud.kill(record, in: folder) }
        let record =
            force
            ? try await recovered(folder.record(), in: folder, on: cloud, force: true) : record
        let view = try await RunView.look(at: record, in: folder, cloud: cloud, force: force)
        guard view.state == .running else { return view }
        if arguments.stop {
            try await cloud.stop(record, in: folder)
        } else if !arguments.wait && !force {
            let run = record.run
            throw Failure(
                "\(run) is still alive: \(StatusText.headline(view, now: context.now()))",
                hint: "wait for it: train finish \(run) --wait; end it now, with its checkpoint: "
                    + "train finish \(run) --stop; kill it and take what there is: "
                    + "train finish \(run) --force \(run)")
        }
        return try await Watch(context: context).follow(record, in: folder, cloud: cloud)
    }

    private func finish(
        _ view: RunView, cloud: any Cloud, destination: String, force: Bool, line: LiveLine
    ) async throws -> Collected? {
        // Read again under the lock: another launcher may have changed it.
        var record = try await recovered(
            view.folder.record(), in: view.folder, on: cloud, force: force)
        let steps = Steps(line, clock: context.clock)
        let collector = Collector(
            context: context, cloud: cloud, folder: view.folder,
            lock: try await DownloadLock.take(in: view.folder, steps: steps), steps: steps)
        var collected: Collected?
        switch record.stage {
        case .starting:
            line.say("  \(record.run) was never started in full; there is nothing to collect")
        case .started:
            collected = try await collector.collect(
                &record, outcome: view.status?.outcome, destination: destination, force: force)
        case .collected:
            collected = try await collectedBefore(
                &record, by: collector, destination: destination, force: force)
        }
        let (folder, run) = (view.folder, record)
        line.say("  removing the run from \(record.run.cloud) …")
        try await cloud.destroy(run, in: folder, force: force, steps: steps)
        try folder.remove()
        line.say("\(line.coloured("✓", .green)) removing the run from \(record.run.cloud): done")
        return collected
    }

    /// Looks whether what was downloaded before is still there, and downloads it again where not.
    private func collectedBefore(
        _ record: inout RunRecord, by collector: Collector, destination: String, force: Bool
    ) async throws -> Collected? {
        guard let place = record.collection, let completeness = record.completeness else {
            collector.steps.line.say("  everything is downloaded already: by another computer")
            return nil
        }
        let former = FormerCollection(directory: place, completeness: completeness)
        guard !force, let lack = former.lack() else {
            collector.steps.line.say("  everything is downloaded already: \(place)")
            return nil
        }
        return try await collector.collectAgain(&record, lack: lack, destination: destination)
    }
}
