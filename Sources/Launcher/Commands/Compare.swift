import Shared

/// `train compare`: what differs between runs, and how each of them went.
enum Compare {
    struct Arguments: CommandArguments {
        var runs: [String] = []
        var page: String?
        var json = false

        static var options: [Option<Self>] {
            [
                .positionals(
                    "CODE/DATASET", \.runs,
                    "Two runs or more: each a run that is known here, or a folder that train "
                        + "finish made."
                ).completing(.listed(by: "runs")),
                .text("--page", "file", \.page, "Writes a page with the curves over each other.")
                    .completing(.file),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }
    }

    private struct Result: Encodable {
        var runs: [String]
        var differences: [RunComparison.Difference]
        var curves: [RunComparison.Curve]
        var page: String?
    }

    private static let mostRuns = 20

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "compare", Arguments.self, summary: "Says what differs between runs, and how they went."
        ) { parsed in
            let arguments = try parsed.checked()
            guard (2...mostRuns).contains(arguments.runs.count) else {
                throw Failure.usage(
                    "\(counted(arguments.runs.count, "run")) cannot be compared",
                    hint: "give from 2 to \(mostRuns) runs or folders")
            }
            var sources: [RunSource] = []
            defer { for source in sources { source.remove() } }
            for name in arguments.runs {
                var address = RunAddress()
                address.short = name
                sources.append(try await RunSource.find(address, context: context))
            }
            let runs = sources.map(\.run)
            let page = arguments.page.map(StoreURL.absolutePath)
            let comparison = try await offTaskThreads(untilCancelled: { _ in
                let comparison = RunComparison(runs)
                if let page {
                    try AtomicFile.write(Data(comparison.html().utf8), to: page)
                }
                return comparison
            })
            if arguments.json {
                try context.console.printJSON(
                    Result(
                        runs: runs.map(\.place), differences: comparison.differences,
                        curves: comparison.curves, page: page))
            } else {
                context.console.output(comparison.text)
                if let page { context.console.output("\n\(oneLine(page))\n") }
            }
            return ExitCode.ok.rawValue
        }
    }
}
