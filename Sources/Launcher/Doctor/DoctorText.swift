import Shared

/// The report as a person reads it.
extension DoctorReport {
    /// - Parameter runs: the runs known on this computer, whose resources `train finish` removes.
    func text(runs: [RunRecord]) -> String {
        var lines: [String] = []
        for finding in findings {
            lines.append("\(finding.level.mark) \(finding.title): \(finding.text)")
            if let hint = finding.hint, finding.level != .good { lines.append("    \(hint)") }
        }
        if let resources { lines += self.lines(for: resources, runs: runs) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func lines(for resources: [LabelledResource], runs: [RunRecord]) -> [String] {
        let names = Dictionary(runs.map { ($0.run.slug, $0.run.description) }) { $1 }
        let place = cloud + searched
        guard !resources.isEmpty else {
            return ["no resource with the engine's labels exists on \(place)"]
        }
        return ["resources with the engine's labels on \(place):"]
            + resources.flatMap { resource in
                let run = resource.run ?? "no run"
                let command = names[run].map { "train finish \($0)" } ?? removals[resource.key]
                return ["  \(resource.text) of \(names[run] ?? harmless(run))"]
                    + (command.map { ["    remove it: \(harmless($0))"] } ?? [])
            }
    }

    /// How far the search went, so that an empty result is not read as more than it is.
    private var searched: String {
        let seen = regions.isEmpty ? "" : " (\(counted(regions.count, "region")))"
        return unsearched.isEmpty
            ? seen : seen + ", leaving out \(unsearched.joined(separator: ", "))"
    }
}

extension DoctorReport.Finding.Level {
    fileprivate var mark: String {
        switch self {
        case .good: "✓"
        case .warning: "!"
        case .problem: "✗"
        }
    }
}
