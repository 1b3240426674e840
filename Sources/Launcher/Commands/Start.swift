import Shared

/// `train start`: checks, makes the machine, starts the agent on it, and lets go.
struct Start: Sendable {
    let context: Context

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "start", StartArguments.self,
            summary:
                "Starts a training on a machine of its own; this computer may be closed meanwhile.",
            discussion: "Flags may stand in a file, train.json, too: docs/configuration.md.",
            examples: [
                "train start --cloud local --code_path ./classifier --dataset_bucket ./beer",
                "train start --project_name p --code_path ./classifier --dataset_bucket \(StoreRegistry.example) "
                    + "-- --epochs 5",
            ]
        ) { parsed in
            let start = Start(context: context)
            let arguments = try Planner(context: context, clouds: CloudRegistry(context))
                .arguments(parsed)
            if arguments.dryRun { return try await start.dryRun(arguments) }
            let run = try await start.begin(arguments)
            return try await untilInterrupted { try await start.end(run, arguments) }
        }
    }

    /// Says what was started, or watches it to its end.
    func end(_ run: RunHandle, _ arguments: StartArguments) async throws -> Int32 {
        let watch = Watch(context: context, hook: arguments.onEnd)
        guard arguments.json else {
            if arguments.wait {
                return try await watch.untilEnd(of: run)
            }
            if arguments.onEnd != nil {
                context.console.error(
                    "note: --on_end is not used without --wait; train wait \(run.name) --on_end …\n"
                )
            }
            printNextSteps(run.record)
            return ExitCode.ok.rawValue
        }
        let view = arguments.wait ? try await watch.follow(run) : try await run.look()
        try context.console.printJSON(RunSummary(view, now: context.now()))
        guard view.state != .dead else { return ExitCode.failed.rawValue }
        return view.status?.outcome?.processExitStatus ?? ExitCode.ok.rawValue
    }

    /// Starts the run, or leaves nothing of it.
    ///
    /// - Throws: `Failure`; what was made until then is removed again.
    func begin(_ arguments: StartArguments) async throws -> RunHandle {
        let line = context.progress()
        let steps = Steps(line, clock: context.clock)
        defer { line.clear() }
        do {
            return try await context.interruptible {
                let (plan, cloud) = try await plan(arguments, steps: steps)
                return try await make(
                    plan, on: cloud, replaces: arguments.replace, steps: steps)
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
        plan.code.report(to: steps.line)
        plan.reportSecrets(to: steps.line)
        return (plan, cloud)
    }

    /// Shows what a start would do, in a folder that is gone afterwards.
    private func dryRun(_ arguments: StartArguments) async throws -> Int32 {
        let line = context.progress()
        let steps = Steps(line, clock: context.clock)
        defer { line.clear() }
        let directory = try TemporaryDirectory(prefix: "train-dry-run")
        defer { directory.remove() }
        do {
            let dryRun = try await context.interruptible {
                let (plan, cloud) = try await plan(arguments, steps: steps)
                return try await cloud.dryRun(
                    plan, in: RunFolder(path: directory.path), steps: steps)
            }
            context.console.output(try dryRun.text())
            return ExitCode.ok.rawValue
        } catch let interrupted as Interrupted {
            throw Failure(
                "interrupted; nothing was made",
                exitStatus: ExitCode.signalled(interrupted.signal))
        }
    }

    /// Makes the run of a plan that was checked.
    ///
    /// - Parameter replaces: whether a run of that name which has failed is removed first.
    func make(
        _ plan: Plan, on cloud: any Cloud, replaces: Bool = false, steps: Steps
    ) async throws -> RunHandle {
        let folder = try context.state.folder(of: plan.run)
        try await ExistingRun(context: context, cloud: cloud, steps: steps, isReplaced: replaces)
            .resolve(
                plan.run, in: folder, stateBucket: plan.stateBucketName, access: plan.access)
        let run = RunHandle(
            record: plan.record(createdAt: context.now()), folder: folder, cloud: cloud,
            context: context)
        try context.state.secure()
        guard mkdir(folder.path, 0o700) == 0, let lock = try RunLock.take(folder, of: plan.run)
        else {
            throw systemFailure("cannot make \(quoted(folder.path))")
        }
        defer { withExtendedLifetime(lock) {} }
        do {
            try run.save()
            try folder.write(words: plan.given)
            try await cloud.provision(plan, of: run, steps: steps)
            return try run.reread()
        } catch {
            try await undo(run, after: error, steps: steps)
            throw error
        }
    }

    /// Runs to its end even where the task is cancelled: a half-made run must not stay.
    private func undo(_ run: RunHandle, after cause: any Error, steps: Steps) async throws {
        steps.line.clear()
        do {
            try await Task {
                // The record on the disk knows what was made since.
                try await run.cloud.destroy(
                    (try? run.reread()) ?? run, force: false, steps: steps)
                try run.folder.remove()
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
                        "remove what is left with: train finish \(run.name) --force \(run.name)"
                ))
        }
    }

    private static func words(for error: any Error) -> String {
        if error is CancellationError { return "it was interrupted" }
        return (error as? Failure)?.summary ?? "\(error)"
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
