import Shared

/// `train list`: every run that is known here.
enum List {
    struct Arguments: CommandArguments {
        var json = false
        static var options: [Option<Self>] {
            [.flag("--json", \.json, "Prints JSON for programs.")]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand("list", Arguments.self, summary: "Lists the runs that were started here.") {
            parsed in
            let arguments = try parsed.checked()
            let clouds = CloudRegistry(context)
            var views: [RunView] = []
            var problems: [String] = []
            for (folder, result) in try context.state.all() {
                do {
                    let known = try result.get()
                    let cloud = try clouds.cloud(known.run.cloud)
                    let refreshed = try await RunLookup.refreshed(known, in: folder, on: cloud)
                    guard let record = refreshed else { continue }
                    views.append(try await RunView.look(at: record, in: folder, cloud: cloud))
                } catch let failure as Failure {
                    problems.append(failure.summary)
                }
            }
            if arguments.json {
                try context.console.printJSON(views.map { RunSummary($0, now: context.now()) })
            } else if views.isEmpty {
                context.console.output("no run is known here\n")
            } else {
                context.console.output(table(views, now: context.now()))
            }
            for problem in problems { context.console.error("train: warning: \(problem)\n") }
            return problems.isEmpty ? ExitCode.ok.rawValue : ExitCode.failed.rawValue
        }
    }

    private static func table(_ views: [RunView], now: Date) -> String {
        var table = Table("RUN", "CLOUD", "STATE", "STARTED", "WHERE IT IS")
        for view in views {
            let age = TimeSpan(seconds: now.timeIntervalSince(view.record.createdAt))
            table.rows.append([
                view.record.run.description, view.record.run.cloud, view.state.rawValue,
                "\(age) ago", StatusText.headline(view, now: now),
            ])
        }
        return table.text
    }
}
