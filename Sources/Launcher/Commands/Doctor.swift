import Shared

/// `train doctor`: says what a run needs and lacks, and what is alive that may cost money.
enum Doctor {
    struct Arguments: CommandArguments {
        var address = RunAddress()
        var json = false

        static var options: [Option<Self>] {
            [
                .text(
                    "--cloud", "cloud", \.address.cloud,
                    "gcp, aws, azure or local; gcp where nothing is said."
                ).completing(.oneOf(["gcp", "aws", "azure", "local"])),
                .text("--project_name", "project", \.address.projectName, "The cloud's project."),
                .text(
                    "--credentials_path", "file", \.address.credentialsPath,
                    "The key of a service account."
                ).completing(.file),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "doctor", Arguments.self,
            summary:
                "Looks at tools, login, permissions and quota, and for what still costs money.",
            discussion: """
                What carries the engine's labels is found in the cloud itself, in every region of
                the account, whether or not this computer knows of the run.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            let cloud = try CloudRegistry(context).cloud(
                arguments.address.cloud ?? CloudRegistry.defaultName)
            let runs = try context.state.all().compactMap { try? $0.record.get() }
                .filter { $0.run.cloud == cloud.name }
            let line = context.progress()
            defer { line.clear() }
            let examination = try await context.interruptible {
                try await Steps(line).run("looking") {
                    await cloud.examine(arguments.address, runs: runs)
                }
            }
            if arguments.json {
                try context.console.printJSON(examination)
            } else {
                context.console.output(text(of: examination, runs: runs))
            }
            return (examination.hasProblem ? ExitCode.failed : .ok).rawValue
        }
    }

    static func text(of examination: Examination, runs: [RunRecord]) -> String {
        var lines: [String] = []
        for finding in examination.findings {
            let mark =
                switch finding.level {
                case .good: "✓"
                case .warning: "!"
                case .problem: "✗"
                }
            lines.append("\(mark) \(finding.title): \(finding.text)")
            if let hint = finding.hint, finding.level != .good { lines.append("    \(hint)") }
        }
        guard let living = examination.living else {
            return lines.joined(separator: "\n") + "\n"
        }
        let names = Dictionary(runs.map { ($0.run.slug, $0.run.description) }) { $1 }
        let place = examination.cloud + regions(of: examination)
        lines.append(
            living.isEmpty
                ? "nothing with the engine's labels is alive on \(place)" : "alive on \(place):")
        for thing in living {
            let run = thing.run ?? "no run"
            lines.append("  \(thing.text) of \(names[run] ?? harmless(run))")
            let way = names[run].map { "train finish \($0)" } ?? examination.removals[thing.key]
            if let way { lines.append("    remove it: \(harmless(way))") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// How far the look went, so that "nothing" is never taken for more than it is.
    private static func regions(of examination: Examination) -> String {
        let seen =
            examination.regions.isEmpty
            ? "" : " (\(counted(examination.regions.count, "region")))"
        guard !examination.unseen.isEmpty else { return seen }
        return seen + ", leaving out \(examination.unseen.joined(separator: ", "))"
    }
}
