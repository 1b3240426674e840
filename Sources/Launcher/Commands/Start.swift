import Shared

/// `train start`: checks, makes the machine, starts the agent on it, and lets go.
struct Start: Sendable {
    let context: Context

    /// More than anybody writes: somebody's data lies beside the code.
    private static let muchCode: Int64 = 200_000_000

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "start", StartArguments.self,
            summary: "Starts a training on a machine of its own.",
            discussion: """
                Packs the code, brings up a machine, and starts the agent on it, which owns the \
                training
                from then on: this computer may be closed. A flag may also stand in train.json \
                beside the
                code, under its name without the dashes; one that is typed wins.
                """
        ) { parsed in
            let start = Start(context: context)
            let arguments = try Planner(context: context, clouds: CloudRegistry(context))
                .arguments(parsed)
            if arguments.dryRun { return try await start.rehearse(arguments) }
            let run = try await start.begin(arguments)
            return try await start.end(run, arguments)
        }
    }

    /// Says what was started, or watches it to its end.
    private func end(_ run: Begun, _ arguments: StartArguments) async throws -> Int32 {
        let watch = Watch(context: context)
        guard arguments.json else {
            if arguments.wait {
                return try await watch.untilEnd(of: run.record, in: run.folder, cloud: run.cloud)
            }
            printNextSteps(run.record)
            return ExitCode.ok.rawValue
        }
        let view =
            arguments.wait
            ? try await watch.follow(run.record, in: run.folder, cloud: run.cloud)
            : try await RunView.look(at: run.record, in: run.folder, cloud: run.cloud)
        try context.console.printJSON(RunSummary(view, now: context.now()))
        guard view.state != .dead else { return ExitCode.failed.rawValue }
        return view.status?.outcome?.processExitStatus ?? ExitCode.ok.rawValue
    }

    struct Begun: Sendable {
        var record: RunRecord
        var folder: RunFolder
        var cloud: any Cloud
    }

    /// Starts the run, or leaves nothing of it.
    ///
    /// - Throws: `Failure`; what was made until then is removed again.
    func begin(_ arguments: StartArguments) async throws -> Begun {
        let line = context.progress()
        let steps = Steps(line)
        defer { line.clear() }
        do {
            return try await context.interruptible {
                let (plan, cloud) = try await plan(arguments, steps: steps)
                return try await make(plan, on: cloud, steps: steps)
            }
        } catch let interrupted as Interrupted {
            throw Failure(
                "interrupted; nothing of the run is left",
                exitStatus: ExitCode.signalled(interrupted.signal))
        }
    }

    private func plan(
        _ arguments: StartArguments, steps: Steps
    ) async throws -> (Plan, any Cloud) {
        let planner = Planner(context: context, clouds: CloudRegistry(context))
        let (plan, cloud) = try await planner.plan(arguments, steps: steps)
        sayWhatTravels(plan, steps.line)
        return (plan, cloud)
    }

    /// Shows what a start would do, in a folder that is gone afterwards.
    private func rehearse(_ arguments: StartArguments) async throws -> Int32 {
        let line = context.progress()
        let steps = Steps(line)
        defer { line.clear() }
        let directory = try TemporaryDirectory(prefix: "train-dry-run")
        defer { directory.remove() }
        do {
            let rehearsal = try await context.interruptible {
                let (plan, cloud) = try await plan(arguments, steps: steps)
                return try await cloud.rehearse(
                    plan, in: RunFolder(path: directory.path), steps: steps)
            }
            context.console.output(try rehearsal.text())
            return ExitCode.ok.rawValue
        } catch let interrupted as Interrupted {
            throw Failure(
                "interrupted; nothing was made",
                exitStatus: ExitCode.signalled(interrupted.signal))
        }
    }

    /// Makes the run of a plan that was checked.
    func make(_ plan: Plan, on cloud: any Cloud, steps: Steps) async throws -> Begun {
        let folder = try context.state.folder(of: plan.run)
        try await Conflict(context: context, cloud: cloud, line: steps.line)
            .resolve(
                plan.run, in: folder, stateBucket: plan.stateBucketName, access: plan.access)
        let record = plan.record(createdAt: context.now())
        try makeDirectories(parentDirectory(folder.path), mode: 0o700)
        guard mkdir(folder.path, 0o700) == 0, let lock = try RunLock.take(folder, of: plan.run)
        else {
            throw systemFailure("cannot make \(quoted(folder.path))")
        }
        defer { withExtendedLifetime(lock) {} }
        do {
            try folder.write(record)
            try await cloud.provision(plan, record: record, in: folder, steps: steps)
            return Begun(record: try folder.record(), folder: folder, cloud: cloud)
        } catch {
            try await undo(record, in: folder, on: cloud, after: error, line: steps.line)
            throw error
        }
    }

    /// Runs to its end even where the task is cancelled: a half-made run must not stay.
    private func undo(
        _ record: RunRecord, in folder: RunFolder, on cloud: any Cloud, after cause: any Error,
        line: LiveLine
    ) async throws {
        line.clear()
        do {
            try await Task {
                try await cloud.destroy(
                    (try? folder.record()) ?? record, in: folder, force: false,
                    steps: Steps(line))
                try folder.remove()
            }.value
        } catch {
            throw LeftBehind(
                failure: Failure(
                    "the start failed, and what it made could not be removed: "
                        + Self.words(for: error),
                    detail: [
                        (error as? Failure)?.detail,
                        "the start failed since: \(Self.words(for: cause))",
                    ]
                    .compactMap { $0 }.joined(separator: "\n"),
                    hint:
                        "remove what is left with: train finish \(record.run) --force \(record.run)"
                ))
        }
    }

    private static func words(for error: any Error) -> String {
        if error is CancellationError { return "it was interrupted" }
        return (error as? Failure)?.summary ?? "\(error)"
    }

    private func sayWhatTravels(_ plan: Plan, _ line: LiveLine) {
        if !plan.code.leftOut.isEmpty {
            let shown = plan.code.leftOut.prefix(8).joined(separator: ", ")
            let more = plan.code.leftOut.count > 8 ? " and \(plan.code.leftOut.count - 8) more" : ""
            line.say("  left out of the code: \(harmless(shown))\(more)")
        }
        if plan.code.bytes > Self.muchCode {
            line.say(
                "\(line.coloured("!", .yellow)) the code has \(readable(bytes: plan.code.bytes)); "
                    + "data belongs into the dataset, not beside the code")
        }
        for link in plan.code.danglingLinks.prefix(5) {
            line.say(
                "\(line.coloured("!", .yellow)) the link \(quoted(link)) leads out of the code, "
                    + "so it will lead nowhere on the machine")
        }
    }

    private func printNextSteps(_ record: RunRecord) {
        let run = record.run
        for line in record.machine?.lines ?? [] { context.console.output("  \(line)\n") }
        context.console.output(
            """
            \(run) is running on \(run.cloud); this terminal is not needed any more
              look:     train status \(run)
              stop:     train stop \(run)
              collect:  train finish \(run)

            """)
    }
}
