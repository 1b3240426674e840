import Shared

/// `train list --cloud`: the runs of a project, found by their labels in the cloud itself.
struct ProjectList: Sendable {
    let context: Context
    let arguments: List.Arguments

    /// One run as the cloud has it.
    struct Row: Encodable, Sendable {
        /// The name that its resources bear.
        var slug: String
        /// As this computer knows it; nil for a run of another computer.
        var run: RunName?
        var machines: [LabelledResource]
        /// Everything else, such as disks and buckets.
        var others: [LabelledResource]
    }

    /// What `--json` says.
    struct Answer: Encodable, Sendable {
        var cloud: String
        var runs: [Row]
        /// Places that could not be searched: they may have runs too.
        var unsearched: [String]
    }

    /// - Returns: 1 where a part of the project could not be searched.
    func show(_ name: String) async throws -> Int32 {
        let cloud = try CloudRegistry(context).cloud(name)
        let known = try context.state.all().compactMap { try? $0.record.get() }
            .filter { $0.run.cloud == cloud.name }
        let line = context.progress()
        defer { line.clear() }
        let found = try await context.interruptible {
            try await Steps(line, clock: context.clock).run("asking \(cloud.name)") {
                try await cloud.resources(arguments.address, runs: known)
            }
        }
        line.clear()
        let answer = Answer(
            cloud: cloud.name, runs: Self.rows(found.resources ?? [], known: known.map(\.run)),
            unsearched: found.unsearched.map { "\($0.place): \($0.reason)" })
        if arguments.json {
            try context.console.printJSON(answer)
        } else {
            context.console.output(Self.text(answer))
        }
        for place in answer.unsearched {
            context.console.error("train: warning: not searched: \(oneLine(place))\n")
        }
        return (answer.unsearched.isEmpty ? ExitCode.ok : .failed).rawValue
    }

    static func rows(_ resources: [LabelledResource], known: [RunName]) -> [Row] {
        let bySlug = Dictionary(grouping: resources) { $0.run ?? "" }
        return bySlug.sorted { $0.key < $1.key }.map { slug, resources in
            Row(
                slug: slug, run: known.first { $0.slug == slug },
                machines: resources.filter(\.isMachine), others: resources.filter { !$0.isMachine })
        }
    }

    static func text(_ answer: Answer) -> String {
        guard !answer.runs.isEmpty else {
            return "nothing of the engine's was found on \(answer.cloud)\n"
        }
        var table = Table("RUN", "KNOWN HERE AS", "MACHINE", "BESIDE IT")
        table.rows = answer.runs.map { row in
            let machines = row.machines.map { machine in
                [machine.zone ?? machine.region, machine.state?.lowercased()]
                    .compactMap { $0 }.joined(separator: " ")
            }
            let kinds = Dictionary(grouping: row.others, by: \.kind).sorted { $0.key < $1.key }
            return [
                row.slug.isEmpty ? "(no run's label)" : row.slug, row.run?.description ?? "-",
                machines.isEmpty ? "-" : machines.joined(separator: ", "),
                kinds.map { counted($0.value.count, $0.key) }.joined(separator: ", "),
            ]
        }
        return table.text
    }
}
