import Shared

/// `train branch`: a new run that goes on from a checkpoint of another one, or the list of those.
enum Branch {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var changes: [String] = []
        var at: Int?
        var name: String?
        var start = StartArguments()

        static var options: [Option<Self>] {
            addressOptions.grouped("the run to go on from")
                + [
                    .positionals(
                        "NAME=VALUE", \Self.changes,
                        "What is tuned at the first step; NAME*=FACTOR scales."),
                    .count(
                        "--at", \.at, "The step of the checkpoint. Without it: lists them.",
                        in: 0...(1 << 53)),
                    .text("--as", "name", \.name, "The code name of the new run; else CODE-STEP."),
                ]
                + MachineRequest.options.map { $0.embedded(at: \.start.machine) }
                .grouped("the new machine, else like the other one")
                + TrainingOptions.options(at: \.start.training)
                + [
                    .flag(
                        "--wait", \.start.wait,
                        "Watches to the end; Ctrl-C leaves the training running."),
                    .flag("--json", \.start.json, "Prints JSON for programs."),
                ].grouped("this command")
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "branch", Arguments.self,
            summary: "Starts a run that goes on from another one's checkpoint, or lists those.",
            discussion: """
                The other run goes on undisturbed. Code, arguments and machine are its own where
                nothing else is said; docs/branch.md.
                """,
            examples: [
                "train branch classifier/beer",
                "train branch classifier/beer --at 12000 lr=1e-4 --as classifier-low",
            ]
        ) { parsed in
            let address = parsed[\.address]
            let parent = try await Parent.find(address, context)
            guard let step = parsed[\.at] else {
                guard parsed[\.changes].isEmpty else {
                    throw Failure.usage("--at is missing: the step to go on from")
                }
                try list(parent.files, json: parsed[\.start.json], context)
                return ExitCode.ok.rawValue
            }
            guard let origin = parent.origin else {
                throw Failure(
                    "\(parent.title) is not known here with all that it was started with",
                    hint: "train start --initial_output \(parent.place) --initial_step \(step) "
                        + "takes the same checkpoint, with code and dataset named anew")
            }
            return try await begin(parsed, step, parent, origin, context)
        }
    }

    /// A step in the list.
    private struct Row: Encodable {
        var step: Int
        var files: Int
        var bytes: Int64
        var savedAt: Date
    }

    private static func list(_ files: ParentFiles, json: Bool, _ context: Context) throws {
        let rows = files.whole.map { checkpoint in
            Row(
                step: checkpoint.step, files: checkpoint.files.count,
                bytes: checkpoint.files.map(\.size).byteSum,
                savedAt: Date(timeIntervalSince1970: Double(checkpoint.savedAt) / 1e9))
        }
        if json { return try context.console.printJSON(rows) }
        guard !rows.isEmpty else {
            return context.console.output("no whole checkpoint has a step that is known\n")
        }
        var table = Table("STEP", "FILES", "SIZE", "SAVED")
        table.rows = rows.map {
            [
                "\($0.step)", "\($0.files)", readable(bytes: $0.bytes),
                $0.savedAt.formatted(.iso8601),
            ]
        }
        context.console.output(table.text)
    }

    private static func begin(
        _ parsed: Parsed<Arguments>, _ step: Int, _ parent: Parent, _ origin: BranchOrigin,
        _ context: Context
    ) async throws -> Int32 {
        // The parent's code as it was packed, to be looked at.
        let directory = try TemporaryDirectory(prefix: "train-branch")
        defer { directory.remove() }
        _ = try await context.runner.output(
            of: Command("tar", ["-xzf", origin.archive, "-C", directory.path]))
        var origin = origin
        origin.changes = parsed[\.changes]
        let arguments = try origin.arguments(
            parsed, step: step, code: directory.path, place: parent.place)
        let start = Start(context: context)
        let run = try await start.begin(arguments)
        return try await untilInterrupted { try await start.end(run, arguments) }
    }

    /// What is branched from.
    private struct Parent {
        var files: ParentFiles
        var title: String
        /// As `--initial_output` takes it.
        var place: String
        /// nil where it was collected: its folder here is gone.
        var origin: BranchOrigin?

        static func find(_ address: RunAddress, _ context: Context) async throws -> Parent {
            switch try await ReadableRun.find(address, context) {
            case .collected(let entry):
                return Parent(
                    files: try await .find(entry.directory, context), title: "\(entry.run)",
                    place: entry.directory)
            case .known(let handle):
                return Parent(
                    files: try await .of(handle), title: "\(handle.name)", place: "\(handle.name)",
                    origin: try BranchOrigin(of: handle))
            }
        }
    }
}
