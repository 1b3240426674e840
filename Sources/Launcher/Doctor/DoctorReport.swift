import Shared

/// What `train doctor` found on one cloud.
struct DoctorReport: Encodable, Sendable {
    struct Finding: Encodable, Sendable, Equatable {
        enum Level: String, Encodable, Sendable { case good, warning, problem }
        var level: Level
        var title: String
        var text: String
        var hint: String?
    }

    var cloud: String
    var findings: [Finding] = []
    /// Resources with the engine's labels, which may cost money; nil if they could not be listed.
    var resources: [LabelledResource]?
    /// The regions that were searched; empty if one query answers for all regions.
    var regions: [String] = []
    /// Places that could not be searched: they may have resources too.
    var unsearched: [String] = []
    /// The commands that remove resources of runs that are not known here, by `LabelledResource.key`.
    var removals: [String: String] = [:]

    /// The names in `--json`, which programs read: they stay as they were first published.
    private enum CodingKeys: String, CodingKey {
        case cloud, findings, regions, removals
        case resources = "living"
        case unsearched = "unseen"
    }

    init(cloud: String) { self.cloud = cloud }

    var hasProblem: Bool { findings.contains { $0.level == .problem } }

    mutating func add(
        _ level: Finding.Level, _ title: String, _ text: String, hint: String? = nil
    ) {
        findings.append(Finding(level: level, title: title, text: text, hint: hint))
    }

    /// - Parameter hint: what to do if the result has no hint of its own.
    mutating func add(_ title: String, _ result: CheckResult, hint: String? = nil) {
        switch result {
        case .good(let text): add(.good, title, text)
        case .warning(let text, let own): add(.warning, title, text, hint: own ?? hint)
        case .problem(let text, let own): add(.problem, title, text, hint: own ?? hint)
        }
    }

    /// Adds a program's version, or that it is missing.
    ///
    /// - Parameter needed: whether a start fails without it.
    mutating func checkProgram(
        _ tool: String, needed: Bool, version arguments: [String] = ["--version"],
        runner: any CommandRunner
    ) async {
        do {
            let result = try await runner.run(Command(tool, arguments), timeout: .seconds(60))
            let lines = (result.output + "\n" + result.errorOutput).split(
                whereSeparator: \.isNewline)
            let line = lines.first { $0.contains(where: \.isNumber) } ?? lines.first ?? ""
            if result.succeeded {
                add(.good, tool, harmless(String(line)))
            } else {
                add(needed ? .problem : .warning, tool, "does not work: \(harmless(String(line)))")
            }
        } catch {
            let failure = error as? Failure
            add(
                needed ? .problem : .warning, tool, failure?.summary ?? "\(error)",
                hint: failure?.hint)
        }
    }
}
