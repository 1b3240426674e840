import Shared

/// What `train doctor` found on one cloud.
struct Examination: Encodable, Sendable {
    struct Finding: Encodable, Sendable, Equatable {
        enum Level: String, Encodable, Sendable { case good, warning, problem }
        var level: Level
        var title: String
        var text: String
        var hint: String?
    }

    var cloud: String
    var findings: [Finding] = []
    /// What carries the engine's labels and may cost money; nil where it could not be looked for.
    var living: [Living]?
    /// The regions that were looked at; empty where the cloud is asked as a whole.
    var regions: [String] = []
    /// Where it could not be looked: something may live there.
    var unseen: [String] = []
    /// How a person removes what no run known here accounts for, by its kind, name and
    /// region or zone.
    var removals: [String: String] = [:]

    init(cloud: String) { self.cloud = cloud }

    var hasProblem: Bool { findings.contains { $0.level == .problem } }

    mutating func add(
        _ level: Finding.Level, _ title: String, _ text: String, hint: String? = nil
    ) {
        findings.append(Finding(level: level, title: title, text: text, hint: hint))
    }

    /// - Parameter hint: what to do where the verdict says nothing of its own.
    mutating func add(_ title: String, _ verdict: Verdict, hint: String? = nil) {
        switch verdict {
        case .good(let text): add(.good, title, text)
        case .warning(let text, let own): add(.warning, title, text, hint: own ?? hint)
        case .problem(let text, let own): add(.problem, title, text, hint: own ?? hint)
        }
    }

    /// Whether a tool is there, and which.
    ///
    /// - Parameter needed: its absence is a problem, and not only a pity.
    mutating func look(
        for tool: String, needed: Bool, version arguments: [String] = ["--version"],
        runner: any CommandRunner
    ) async {
        do {
            let result = try await runner.run(Command(tool, arguments), timeout: .seconds(60))
            let said = (result.output + "\n" + result.errorOutput).split(
                whereSeparator: \.isNewline)
            let line = said.first { $0.contains(where: \.isNumber) } ?? said.first ?? ""
            if result.succeeded {
                add(.good, tool, harmless(String(line)))
            } else {
                add(needed ? .problem : .warning, tool, "does not work: \(harmless(String(line)))")
            }
        } catch {
            add(
                needed ? .problem : .warning, tool,
                (error as? Failure)?.summary ?? "\(error)", hint: "install \(tool)")
        }
    }
}
