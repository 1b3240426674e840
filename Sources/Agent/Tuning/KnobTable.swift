import Shared

/// `logs/knobs.json`: what the trainer says can be tuned.
///
/// A request that it contradicts is refused before it reaches the trainer. What the table does not
/// know yet, the trainer decides.
struct KnobTable: Decodable {
    struct Knob: Decodable {
        var type: String
        var minimum: Double?
        var maximum: Double?
        var choices: [JSONValue]?
    }

    var attempt: Int
    var canCheckpoint: Bool
    var knobs: [String: Knob]

    /// - Returns: nil before the trainer of this attempt has written one.
    static func read(_ path: String, attempt: Int) -> KnobTable? {
        guard let data = try? readRegularFile(path, limit: 1 << 20),
            let table = try? JSONFormat.decoder().decode(KnobTable.self, from: data),
            table.attempt == attempt
        else { return nil }
        return table
    }

    /// Why a request cannot be fulfilled; nil where the trainer is to decide.
    func objection(to request: ControlRequest) -> String? {
        if request.command == .checkpoint || request.checkpointFirst == true, !canCheckpoint {
            return "nothing in this program saves a checkpoint on request"
        }
        for (name, change) in (request.changes ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let knob = knob(name) else {
                // An optimizer is known with its first step; then the trainer answers.
                if Self.isOfOptimizer(name) { continue }
                let known = knobs.keys.sorted().joined(separator: ", ")
                return "nothing here is called \(quoted(name)); known: \(known)"
            }
            if let value = change.set ?? change.ramp?.set,
                let objection = knob.objection(to: value)
            {
                return "\(name) \(objection)"
            }
        }
        return nil
    }

    private func knob(_ name: String) -> Knob? {
        knobs[name] ?? knobs["optimizer.\(name == "learning_rate" ? "lr" : name)"]
    }

    private static func isOfOptimizer(_ name: String) -> Bool {
        name.hasPrefix("optimizer")
            || ["lr", "learning_rate", "weight_decay", "momentum", "betas"].contains(name)
    }
}

extension KnobTable.Knob {
    fileprivate func objection(to value: JSONValue) -> String? {
        if let choices, !choices.contains(value) {
            let names = choices.map(\.plain).joined(separator: ", ")
            return "must be one of \(names), not \(value.plain)"
        }
        guard type == "float" || type == "int" else { return nil }
        guard let number = value.double else { return "is a number, not \(quoted(value.plain))" }
        if let minimum, number < minimum { return "must be \(minimum) or more, not \(number)" }
        if let maximum, number > maximum { return "must be \(maximum) or less, not \(number)" }
        return nil
    }
}

extension JSONValue {
    /// The number that it is, or that its text reads as.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .string(let text): Double(text)
        case .null, .bool, .array, .object: nil
        }
    }
}
