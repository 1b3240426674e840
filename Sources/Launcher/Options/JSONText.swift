import Shared

/// Reads JSON that people write (RFC 8259): a mistake has a line and a column, a key stands once.
///
/// Foundation's decoder says neither where a mistake is nor that a key stands twice, of which it
/// takes one.
struct JSONText {
    /// Where reading ended, and why.
    struct Mistake: Error {
        var line: Int
        var column: Int
        var summary: String
    }

    /// Deeper than any list of flags; a hostile file must not end the stack.
    private static let deepest = 32

    private let scalars: [Unicode.Scalar]
    private var position = 0

    /// - Throws: `Mistake` at the first character that cannot stand where it stands.
    static func value(_ text: String) throws -> JSONValue {
        var reader = JSONText(scalars: Array(text.unicodeScalars))
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.next == nil else { throw reader.mistake("there is more after the end") }
        return value
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func mistake(_ summary: String, at place: Int? = nil) -> Mistake {
        let before = scalars.prefix(place ?? position)
        let line = before.count { $0 == "\n" } + 1
        let column = before.count - (before.lastIndex(of: "\n").map { $0 + 1 } ?? 0) + 1
        return Mistake(line: line, column: column, summary: summary)
    }

    private mutating func skipSpace() {
        while let scalar = next, " \t\r\n".unicodeScalars.contains(scalar) { position += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        skipSpace()
        guard depth < Self.deepest else { throw mistake("lists and objects are nested too deep") }
        switch next {
        case "{": return try object(depth: depth)
        case "[": return try array(depth: depth)
        case "\"": return .string(try string())
        case nil: throw mistake("the text ends where a value should stand")
        default: return try word()
        }
    }

    private mutating func object(depth: Int) throws -> JSONValue {
        var members: [String: JSONValue] = [:]
        position += 1
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            let place = position
            guard next == "\"" else { throw mistake("a key in double quotes should stand here") }
            let key = try string()
            guard members[key] == nil else {
                throw mistake("the key \(quoted(key)) stands twice", at: place)
            }
            guard take(":") else { throw mistake("a colon should stand after the key") }
            members[key] = try value(depth: depth + 1)
        } while take(",")
        guard take("}") else { throw mistake("a comma or } should stand here") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws -> JSONValue {
        var items: [JSONValue] = []
        position += 1
        if take("]") { return .array(items) }
        repeat { items.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw mistake("a comma or ] should stand here") }
        return .array(items)
    }

    /// `true`, `false`, `null` or a number.
    private mutating func word() throws -> JSONValue {
        let place = position
        let ends = ",:]}[{\" \t\r\n".unicodeScalars
        while let scalar = next, !ends.contains(scalar) { position += 1 }
        let text = String(String.UnicodeScalarView(scalars[place..<position]))
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default: break
        }
        guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil else {
            throw mistake(
                text.isEmpty ? "a value should stand here" : "\(quoted(text)) is no value",
                at: place)
        }
        if let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw mistake("the number is out of range", at: place)
        }
        return .number(number)
    }

    private mutating func string() throws -> String {
        let place = position
        var text = String.UnicodeScalarView()
        position += 1
        while let scalar = next {
            position += 1
            switch scalar {
            case "\"": return String(text)
            case "\\": text.append(try escape())
            case _ where scalar.value < 0x20:
                throw mistake("a text ends on its own line, in double quotes", at: place)
            default: text.append(scalar)
            }
        }
        throw mistake("the text has no closing double quote", at: place)
    }

    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r",
        "t": "\t",
    ]

    /// What stands after a backslash; beyond U+FFFF it is two escapes (RFC 8259, section 7).
    private mutating func escape() throws -> Unicode.Scalar {
        let place = position - 1
        guard let letter = next else { throw mistake("the text has no closing double quote") }
        position += 1
        if let plain = Self.escapes[letter] { return plain }
        guard letter == "u", let first = code() else {
            throw mistake("this is no escape of JSON's", at: place)
        }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), next == "\\" else {
            throw mistake("this escape is half a character", at: place)
        }
        position += 1
        guard next == "u" else { throw mistake("this escape is half a character", at: place) }
        position += 1
        guard let second = code(), (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw mistake("this escape is half a character", at: place) }
        return scalar
    }

    private mutating func code() -> UInt32? {
        let digits = scalars[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else {
            return nil
        }
        position += 4
        return UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
    }
}
