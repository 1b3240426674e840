import Shared

/// `train list`: every run that is known here, that was collected here, or that a project has.
enum List {
    struct Arguments: CommandArguments {
        var address = RunAddress()
        var collected = false
        var json = false
        static var options: [Option<Self>] {
            [
                .flag("--collected", \.collected, "Those that were collected here, and where."),
                .text(
                    "--cloud", "cloud", \.address.cloud,
                    "What that cloud's project has of any run, whoever started it."
                ).completing(.suggested(CloudRegistry.providers.map(\.name))),
                .text(
                    "--project_name", "project", \.address.projectName,
                    "The project, with --cloud; else the tool's own."),
                .text(
                    "--credentials_path", "file", \.address.credentialsPath,
                    "The key of a service account, with --cloud."
                ).completing(.file),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "list", Arguments.self, summary: "Lists the runs of this computer, or of a project."
        ) { parsed in
            let arguments = try parsed.checked()
            if let name = arguments.address.cloud {
                return try await ProjectList(context: context, arguments: arguments).show(name)
            }
            if arguments.collected { return try showCollected(arguments, context) }
            let seen = try await RunStore(context: context).lookAtAll()
            if arguments.json {
                try context.console.printJSON(seen.map { Row($0, now: context.now()) })
            } else if seen.isEmpty {
                context.console.output("no run is known here\n")
            } else {
                context.console.output(table(seen, now: context.now()))
            }
            let problems = seen.compactMap(problem)
            for problem in problems {
                context.console.error("train: warning: \(oneLine(problem))\n")
            }
            return problems.isEmpty ? ExitCode.ok.rawValue : ExitCode.failed.rawValue
        }
    }

    private static func showCollected(_ arguments: Arguments, _ context: Context) throws -> Int32 {
        let entries = context.state.collected()?.present() ?? []
        if arguments.json {
            try context.console.printJSON(entries)
        } else if entries.isEmpty {
            context.console.output("nothing that was collected here is still in its place\n")
        } else {
            var table = Table("RUN", "CLOUD", "COLLECTED", "FOLDER")
            table.rows = entries.map { entry in
                let age = TimeSpan(seconds: context.now().timeIntervalSince(entry.collectedAt))
                return ["\(entry.run)", entry.run.cloud, "\(age) ago", entry.directory]
            }
            context.console.output(table.text)
        }
        return ExitCode.ok.rawValue
    }

    private static func problem(_ seen: RunStore.Seen) -> String? {
        if case .problem(_, _, let failure) = seen { failure.summary } else { nil }
    }

    private static func table(_ seen: [RunStore.Seen], now: Date) -> String {
        var table = Table("RUN", "CLOUD", "STATE", "STARTED", "WHERE IT IS")
        for entry in seen {
            switch entry {
            case .view(let view):
                let age = TimeSpan(seconds: now.timeIntervalSince(view.record.createdAt))
                table.rows.append([
                    view.run.name.description, view.run.name.cloud,
                    view.state.rawValue.replacing("_", with: " "), "\(age) ago",
                    StatusText.cell(view, now: now),
                ])
            case .problem(let folder, let run, let failure):
                table.rows.append([
                    run?.description ?? folder.path, run?.cloud ?? "", "unknown", "",
                    failure.summary,
                ])
            }
        }
        return table.text
    }

    /// One run in `--json`: as `train status` says it, or why it cannot be looked at.
    private enum Row: Encodable {
        case summary(RunSummary)
        case problem(Problem)

        struct Problem: Encodable {
            var run: RunName?
            var folder: String
            var problem: String
        }

        init(_ seen: RunStore.Seen, now: Date) {
            self =
                switch seen {
                case .view(let view): .summary(RunSummary(view, now: now))
                case .problem(let folder, let run, let failure):
                    .problem(Problem(run: run, folder: folder.path, problem: failure.summary))
                }
        }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .summary(let summary): try summary.encode(to: encoder)
            case .problem(let problem): try problem.encode(to: encoder)
            }
        }
    }
}
