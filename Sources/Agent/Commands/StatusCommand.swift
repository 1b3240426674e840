import Shared

/// The flags of `train-agent status`.
struct StatusArguments: CommandArguments {
    var workDirectory: String?
    var json = false

    static let options: [Option<Self>] = [
        .text(
            "--work_directory", "directory", \.workDirectory,
            "Of the run; all runs on this machine where nothing is said."
        )
        .completing(.directory),
        .flag("--json", \.json, "Print the status documents as they are, one a line."),
    ]
}

/// `train-agent status`: where the runs of this machine are.
enum StatusCommand {
    static let subcommand = Subcommand(
        "status", StatusArguments.self, summary: "Show where the runs on this machine are."
    ) { parsed in
        let arguments = try parsed.checked()
        let places =
            arguments.workDirectory.map { [WorkDirectory(StoreURL.absolutePath($0))] }
            ?? AgentDirectories.known()
        try show(places, json: arguments.json, console: .standard, now: Date())
        return ExitCode.ok.rawValue
    }

    /// Prints the runs of those `places` that hold one.
    ///
    /// - Throws: `Failure` where none does, or where a status cannot be read.
    static func show(
        _ places: [WorkDirectory], json: Bool, console: Console, now: Date
    ) throws {
        let found = places.filter { exists($0.status) }
        guard !found.isEmpty else {
            throw Failure(
                "no run is known on this machine",
                hint: "a run by hand with --work_directory is shown with the same flag")
        }
        for place in found {
            let status = try JSONFormat.decode(
                RunStatus.self, from: readFile(place.status), name: place.status)
            console.output(
                json
                    ? String(decoding: try JSONFormat.line(status), as: UTF8.self)
                    : text(status, in: place, now: now))
        }
    }

    /// A few lines for a person.
    static func text(_ status: RunStatus, in place: WorkDirectory, now: Date) -> String {
        let run = LocalRun(place)
        let isAlive = run?.isAgent ?? false
        let age = TimeSpan(seconds: now.timeIntervalSince(status.heartbeat))
        var lines = ["\(status.run)  attempt \(status.start.number)  \(place.path)"]
        if let outcome = status.outcome { lines += text(outcome) }
        if status.phase == .finished {
            lines.append("  finished")
        } else if isAlive {
            lines.append("  \(status.phase.title); heartbeat \(age) ago")
            lines.append("  agent: process \(run?.process.pid ?? 0)" + trainer(status))
        } else {
            lines.append(
                "  the agent is gone (it was: \(status.phase.title)); last heartbeat \(age) ago")
            if let run {
                lines.append(
                    "  its trainer runs on behind process \(run.process.pid): train-agent run goes "
                        + "on with it, train-agent stop ends it")
            }
        }
        if let journal = try? Journal.load(from: place) {
            if let output = journal.output { lines.append("  output: \(output)") }
            if let logs = journal.logs {
                lines.append("  logs: \(logs) (tail -f \(logs)/\(BucketLayout.trainLog))")
            }
        }
        if let synced = status.sync.lastSuccessAt {
            let ago = TimeSpan(seconds: now.timeIntervalSince(synced))
            lines.append("  \(status.sync.files) files in the bucket, last sync \(ago) ago")
        }
        if let error = status.sync.lastError { lines.append("  sync: \(error)") }
        for warning in status.warnings.suffix(5) { lines.append("  warning: \(warning)") }
        return harmless(lines.joined(separator: "\n")) + "\n"
    }

    private static func trainer(_ status: RunStatus) -> String {
        status.trainerPid.map { ", trainer: process \($0)" } ?? ""
    }

    private static func text(_ outcome: Outcome) -> [String] {
        var lines = ["  \(outcome.kind.rawValue): \(outcome.message)"]
        if let hint = outcome.hint { lines.append("  hint: \(hint)") }
        if let last = outcome.lastLines, !last.isEmpty {
            lines += ["  its last lines:"] + last.split(separator: "\n").map { "    \($0)" }
        }
        return lines
    }
}
