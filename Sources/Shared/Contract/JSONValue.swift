/// Any JSON, for what has no fixed shape: a tuned value, an event's details, a strict comparison.
package enum JSONValue: Codable, Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(String.self) {
            // Before Double: our decoder reads the texts "NaN" and "Infinity" as numbers.
            self = .string(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// The path of the first field that stands in this value and not in `other`; null is absent.
    func firstField(missingFrom other: JSONValue, at path: String = "") -> String? {
        switch (self, other) {
        case (.object(let mine), .object(let theirs)):
            for (key, value) in mine.sorted(by: { $0.key < $1.key }) where value != .null {
                let place = path.isEmpty ? key : "\(path).\(key)"
                guard let known = theirs[key] else { return place }
                if let deeper = value.firstField(missingFrom: known, at: place) { return deeper }
            }
            return nil
        case (.array(let mine), .array(let theirs)):
            for (index, (value, known)) in zip(mine, theirs).enumerated() {
                let place = "\(path)[\(index)]"
                if let deeper = value.firstField(missingFrom: known, at: place) { return deeper }
            }
            return nil
        default:
            return nil
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
}
