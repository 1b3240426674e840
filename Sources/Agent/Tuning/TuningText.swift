import Shared

/// One state of one tuning in a sentence, for events and the agent's log.
enum TuningText {
    private static let longest = 500

    static func sentence(_ line: TuningJournal.Line) -> String {
        let step = line.step.map { " at step \($0)" } ?? ""
        let text =
            switch line.state {
            case "delivered": "tuning delivered: \(requested(line.fields["request"]))"
            case "scheduled": "tuning scheduled\(line.step.map { " for step \($0)" } ?? "")"
            case "applied": "tuning applied\(step): \(applied(line.fields))"
            case "replayed":
                "tuning applied again\(step)"
                    + (line.fields["exact"] == .bool(false) ? ", which may be another step" : "")
            case "kept": "the guarded tuning is kept\(step)"
            case "reverted":
                "tuning taken back\(step): \(line.fields["reason"]?.plain ?? "")"
            case "saved": "checkpoint saved\(step): \(line.fields["path"]?.plain ?? "")"
            default: "tuning \(line.state)\(step): \(line.fields["reason"]?.plain ?? "")"
            }
        return String(harmlessLine(text).prefix(longest))
    }

    private static func requested(_ request: JSONValue?) -> String {
        guard case .object(let fields)? = request else { return "" }
        if case .object(let changes)? = fields["changes"] {
            return changes.keys.sorted().joined(separator: ", ")
        }
        return fields["checkpoint"] == .bool(true) ? "a checkpoint" : "a withdrawal"
    }

    private static func applied(_ fields: [String: JSONValue]) -> String {
        if let path = fields["path"] { return "saved \(path.plain)" }
        guard case .object(let changes)? = fields["changes"], !changes.isEmpty else {
            return "withdrawn"
        }
        return changes.sorted { $0.key < $1.key }.map { name, change in
            guard case .object(let parts) = change else { return name }
            return "\(name) \(parts["old"]?.plain ?? "?") -> \(parts["new"]?.plain ?? "?")"
        }.joined(separator: ", ")
    }
}

extension JSONValue {
    /// As a person writes it.
    var plain: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text): text
        case .array(let values): values.map(\.plain).joined(separator: ",")
        case .object: "{…}"
        }
    }
}
