import Shared

/// `train status`: where a run is.
enum Status {
    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "status", RunArguments.self, summary: "Says where a run is and what of it is safe."
        ) { parsed in
            let arguments = try parsed.checked()
            let (folder, record, cloud) = try await RunLookup(context: context).find(
                arguments.address)
            let view = try await RunView.look(at: record, in: folder, cloud: cloud)
            if arguments.json {
                try context.console.printJSON(RunSummary(view, now: context.now()))
            } else {
                context.console.output(StatusText.full(view, now: context.now()))
                if let hint = StatusText.hint(view) { context.console.output("  \(hint)\n") }
            }
            return ExitCode.ok.rawValue
        }
    }
}

/// What `--json` says of one run.
struct RunSummary: Encodable {
    var run: RunName
    var state: RunView.State
    var machine: String
    /// Seconds since the agent's last sign of life.
    var heartbeatAgeSeconds: Double?
    var output: String
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
        output = view.record.output
        status = view.status
    }
}

extension Console {
    /// Prints a value for programs: keys as in all our JSON.
    func printJSON(_ value: some Encodable) throws {
        output(String(decoding: try JSONFormat.encode(value), as: UTF8.self) + "\n")
    }
}
