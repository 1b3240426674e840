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
        let directories =
            arguments.workDirectory.map { [StoreURL.absolutePath($0)] } ?? knownDirectories()
        let found = directories.filter { exists($0 + "/run/status.json") }
        guard !found.isEmpty else {
            throw Failure(
                "no run is known on this machine",
                hint: "a run by hand with --work_directory is shown with the same flag")
        }
        for directory in found {
            let path = directory + "/run/status.json"
            let status = try JSONFormat.decode(RunStatus.self, from: readFile(path), name: path)
            if arguments.json {
                Console.standard.output(
                    String(decoding: try JSONFormat.line(status), as: UTF8.self))
            } else {
                Console.standard.output(text(status, in: directory, now: Date()))
            }
        }
        return ExitCode.ok.rawValue
    }

    private static func knownDirectories() -> [String] {
        let byHand = AgentDirectories.byHand
        let names = (try? FileManager.default.contentsOfDirectory(atPath: byHand)) ?? []
        return [AgentDirectories.machine] + names.sorted().map { byHand + "/" + $0 }
    }

    /// A few lines for a person.
    static func text(_ status: RunStatus, in directory: String, now: Date) -> String {
        let isAlive = status.agentPid.map { kill($0, 0) == 0 || errno == EPERM } ?? false
        let age = TimeSpan(seconds: now.timeIntervalSince(status.heartbeat))
        var lines = ["\(status.run)  attempt \(status.attempt)  \(directory)"]
        if let outcome = status.outcome {
            lines.append("  \(outcome.kind.rawValue): \(outcome.message)")
        }
        if status.phase == .finished {
            lines.append("  finished")
        } else if isAlive {
            lines.append("  \(status.phase.title); heartbeat \(age) ago")
        } else {
            lines.append(
                "  the agent is gone (it was: \(status.phase.title)); last heartbeat \(age) ago")
        }
        if let synced = status.sync.lastSuccessAt {
            let ago = TimeSpan(seconds: now.timeIntervalSince(synced))
            lines.append("  \(status.sync.files) files in the bucket, last sync \(ago) ago")
        }
        if let error = status.sync.lastError { lines.append("  sync: \(error)") }
        return lines.joined(separator: "\n") + "\n"
    }
}
