import Shared

/// `train report`: one page of a run, from its folder or from its bucket as it is now.
enum Report {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var page: String?
        var json = false

        static var options: [Option<Self>] {
            addressOptions + [
                .text(
                    "--page", "file", \.page,
                    "Where the page goes; else into the folder, or beside you for a run that is "
                        + "not collected."
                ).completing(.file),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }
    }

    /// What `--json` says.
    private struct Result: Encodable {
        struct Row: Encodable {
            var part: Receipt.Part
            var seconds: Double
            var cost: Double?
        }

        var page: String
        var machineSeconds: Double
        var receipt: [Row]
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "report", Arguments.self,
            summary: "Writes a page of a run: receipt, timeline, curves, capsule.",
            discussion: """
                CODE/DATASET may also be a folder that train finish made. The page needs nothing
                else: no network, no server, no other file.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            let source = try await RunSource.find(arguments.address, context: context)
            defer { source.remove() }
            let path = arguments.page.map(StoreURL.absolutePath) ?? source.reportPath
            let run = source.run
            let now = context.now()
            let receipt = try await offTaskThreads(untilCancelled: { _ in
                let page = ReportPage(run, now: now)
                try page.write(to: path)
                return page.receipt
            })
            if arguments.json {
                try context.console.printJSON(
                    Result(
                        page: path, machineSeconds: receipt.total,
                        receipt: receipt.rows.map {
                            .init(
                                part: $0.part, seconds: $0.seconds, cost: receipt.cost($0.seconds))
                        }))
            } else {
                context.console.output("\(oneLine(path))\n")
                if let line = receipt.line { context.console.output("  receipt  \(line)\n") }
            }
            return ExitCode.ok.rawValue
        }
    }
}
