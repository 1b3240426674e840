/// How a request stands in `logs/tuning.jsonl`, for the agent that delivers it and the launcher that
/// gives a new run one to begin with.
extension ControlRequest {
    /// The line that says the request has arrived, or is refused; with its line break.
    ///
    /// - Throws: where a value is none that JSON has.
    package func journalLine(refusal: String? = nil, attempt: Int, now: Date) throws -> Data {
        var fields: [String: JSONValue] = [
            "id": .string(id.description), "attempt": .integer(Int64(attempt)),
            "time": .number(now.timeIntervalSince1970),
            "state": .string(refusal == nil ? "delivered" : "refused"),
        ]
        if let refusal {
            fields["reason"] = .string(refusal)
        } else {
            fields["request"] = .object(forTrainer)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(fields) + Data([0x0A])
    }

    /// What the trainer reads of it: `python/ai_training_utils/_tuning.py`.
    private var forTrainer: [String: JSONValue] {
        var fields: [String: JSONValue] = ["by": .string(by)]
        if let changes { fields["changes"] = .object(changes.mapValues(\.forTrainer)) }
        if let expect { fields["expect"] = .object(expect) }
        if let atStep { fields["at_step"] = .integer(Int64(atStep)) }
        if checkpointFirst == true { fields["checkpoint_first"] = .bool(true) }
        if let rule = `guard` {
            fields["guard"] = .object([
                "name": .string(rule.name), "is_below": .bool(rule.isBelow),
                "limit": .number(rule.limit), "is_factor": .bool(rule.isFactor),
                "steps": .integer(Int64(rule.steps)),
            ])
        }
        if command == .checkpoint { fields["checkpoint"] = .bool(true) }
        if let withdraw { fields["withdraw"] = .string(withdraw.description) }
        if let expires { fields["expires"] = .number(expires.timeIntervalSince1970) }
        return fields
    }
}

extension ControlRequest.Change {
    fileprivate var forTrainer: JSONValue {
        guard let ramp else { return .object(Self.target(set, scale)) }
        let steps = ["steps": JSONValue.integer(Int64(ramp.steps))]
        return .object(["ramp": .object(Self.target(ramp.set, ramp.scale).merging(steps) { $1 })])
    }

    private static func target(_ set: JSONValue?, _ scale: Double?) -> [String: JSONValue] {
        if let set { return ["set": set] }
        return scale.map { ["scale": .number($0)] } ?? [:]
    }
}
