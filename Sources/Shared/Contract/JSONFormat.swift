/// How every JSON of the contract is written and read: snake_case keys, sorted, ISO 8601 dates.
///
/// What comes from a bucket or a user is hostile: `decode` bounds its size, refuses a version that
/// is newer than this program and a wrong type, and each error names the field. An unknown field is
/// refused in what a person or the launcher wrote, where it is a mistake, and ignored in what an
/// agent writes for readers, where it is news of a later version.
package enum JSONFormat {
    /// Only the manifest comes near this size.
    package static let maximumBytes = 4 << 20
    /// The manifest of a million files fits.
    package static let maximumManifestBytes = 512 << 20

    package static func encoder(pretty: Bool = true) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        encoder.outputFormatting =
            pretty
            ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            : [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    package static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        // Foundation's own strategy does not say which field is wrong.
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = try? Date(text, strategy: .iso8601) else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "\(quoted(text)) is no date such as 2026-01-31T12:00:00Z")
            }
            return date
        }
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return decoder
    }

    package static func encode(_ value: some Encodable, pretty: Bool = true) throws -> Data {
        try encoder(pretty: pretty).encode(value)
    }

    /// One line of JSON, ending in a newline, for append-only files.
    package static func line(_ value: some Encodable) throws -> Data {
        try encode(value, pretty: false) + Data([0x0A])
    }

    /// Reads one document.
    ///
    /// - Parameter name: how the document is called in the error, such as its path.
    /// - Throws: `Failure` naming the document and the field that is wrong.
    package static func decode<Document: VersionedDocument>(
        _ type: Document.Type, from data: Data, name: String
    ) throws -> Document {
        guard data.count <= type.maximumBytes else {
            throw Failure("\(name) has \(data.count) bytes; at most \(type.maximumBytes) are read")
        }
        guard String(validating: data, as: UTF8.self) != nil else {
            throw Failure("\(name) is not UTF-8")
        }
        do {
            let version = try decoder().decode(VersionOnly.self, from: data).version
            guard version >= 1 else {
                throw Failure("\(name): version is \(version), but the first one is 1")
            }
            guard version <= type.currentVersion else {
                throw Failure(
                    "\(name): version is \(version), but this program knows \(type.currentVersion)",
                    hint: "use the newer train and train-agent that wrote it")
            }
            let document = try decoder().decode(type, from: data)
            if let objection = document.objection { throw Failure("\(name): \(objection)") }
            if type.isStrict { try refuseUnknownFields(in: data, against: document, name: name) }
            return document
        } catch let error as DecodingError {
            throw Failure("\(name): \(harmlessLine(describe(error)))")
        }
    }

    private struct VersionOnly: Decodable { var version: Int }

    /// A field that does not survive decoding and encoding is one this version does not know.
    private static func refuseUnknownFields(
        in data: Data, against document: some Encodable, name: String
    ) throws {
        let given = try decoder().decode(JSONValue.self, from: data)
        let known = try decoder().decode(JSONValue.self, from: encode(document, pretty: false))
        guard let path = given.firstField(missingFrom: known) else { return }
        throw Failure("\(name): unknown field \(quoted(path))")
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            "field '\(path(context.codingPath + [key]))' is missing"
        case .typeMismatch(let type, let context):
            "field '\(path(context.codingPath))' is not \(words(for: type))"
        case .valueNotFound(let type, let context):
            "field '\(path(context.codingPath))' is null, not \(words(for: type))"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                // Foundation says the same of both.
                ? "not valid JSON, or with a number out of range"
                : "field '\(path(context.codingPath))': \(oneLine(context.debugDescription))"
        @unknown default:
            "not valid"
        }
    }

    private static func words(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is Date.Type: "a date such as 2026-01-31T12:00:00Z"
        default: "of the expected kind"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { key in key.intValue.map { "[\($0)]" } ?? snakeCase(key.stringValue) }
            .joined(separator: ".").replacing(".[", with: "[")
    }

    private static func snakeCase(_ key: String) -> String {
        key.reduce(into: "") { result, character in
            result += character.isUppercase ? "_" + character.lowercased() : String(character)
        }
    }
}

/// A top-level document of the contract.
package protocol VersionedDocument: Codable, Sendable {
    static var currentVersion: Int { get }
    static var maximumBytes: Int { get }
    /// Whether an unknown field is refused; false for what an agent writes for readers.
    static var isStrict: Bool { get }
    var version: Int { get }
    /// Which field has a value that its type allows and no reader can use; nil if none has.
    var objection: String? { get }
}

extension VersionedDocument {
    package static var maximumBytes: Int { JSONFormat.maximumBytes }
    package static var isStrict: Bool { true }
    package var objection: String? { nil }
}
