import Shared

/// `train status`: where a run is.
enum Status {
    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "status", RunArguments.self, summary: "Says where a run is and what of it is safe."
        ) { parsed in
            let arguments = try parsed.checked()
            let view: RunView
            switch try await ReadableRun.find(arguments.address, context) {
            case .collected(let collected): return try await say(collected, arguments, context)
            case .known(let run): view = try await newest(of: run.look())
            }
            if arguments.json {
                try context.console.printJSON(RunSummary(view, now: context.now()))
            } else {
                context.console.output(StatusText.full(view, now: context.now()))
                if let hint = StatusText.hint(view) { context.console.output("  \(hint)\n") }
            }
            return ExitCode.ok.rawValue
        }
    }

    /// With the machine's own word, which is newer than the bucket's, where it answers.
    private static func newest(of view: RunView) async throws -> RunView {
        guard view.state == .running, !view.isGoingOff, view.source == .bucket,
            let machine = try? await ReadableRun.machine(of: view),
            let status = try? await machine.status(), status.run == view.run.name
        else { return view }
        var view = view
        view.status = status
        view.source = machine.kind
        return view
    }

    private static func say(
        _ collected: CollectedRuns.Entry, _ arguments: RunArguments, _ context: Context
    ) async throws -> Int32 {
        let status = try? await FolderSource(directory: collected.directory).status()
        if arguments.json {
            try context.console.printJSON(CollectedSummary(collected, status))
        } else {
            let outcome = status?.outcome.map { OutcomeText($0) }
            let lines =
                [
                    "\(collected.run) on \(collected.run.cloud): "
                        + (outcome?.line ?? "ended without an outcome"),
                    "  collected     \(collected.collectedAt.formatted(.iso8601)) into "
                        + oneLine(collected.directory),
                ] + (outcome?.reason ?? [])
            context.console.output(lines.joined(separator: "\n") + "\n")
        }
        return ExitCode.ok.rawValue
    }
}

/// What `--json` says of a run that is collected.
struct CollectedSummary: Encodable {
    var run: RunName
    var state = RunView.State.collected
    var source = SourceKind.folder
    var directory: String
    var collectedAt: Date
    var status: RunStatus?

    init(_ entry: CollectedRuns.Entry, _ status: RunStatus?) {
        run = entry.run
        directory = entry.directory
        collectedAt = entry.collectedAt
        self.status = status
    }
}

/// What `--json` says of one run.
struct RunSummary: Encodable {
    var run: RunName
    var state: RunView.State
    var machine: String
    /// Seconds since the agent's last sign of life.
    var heartbeatAgeSeconds: Double?
    /// Where the status was read.
    var source: SourceKind
    var output: String
    /// The state bucket has lost the run; what is said comes from this computer's own folder.
    var isLostByStateBucket: Bool?
    var status: RunStatus?

    init(_ view: RunView, now: Date) {
        run = view.record.run
        state = view.state
        machine =
            switch view.machine {
            case .running: "running"
            case .gone: "gone"
            case .unknown(let reason): "unknown: \(reason)"
            }
        heartbeatAgeSeconds = view.status.map { now.timeIntervalSince($0.heartbeat) }
        source = view.source
        output = view.record.output
        isLostByStateBucket = view.run.presence == .lost ? true : nil
        status = view.status
    }
}
