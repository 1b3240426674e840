/// The members of a line that is one JSON object without objects or lists in it, as `metrics.jsonl`
/// has them.
///
/// A decoder takes thirty times as long, and a scalar a step is a million lines. What is not such an
/// object has no members: a line that a crash cut off, or somebody else's.
package enum FlatJSON {
    package enum Value: Equatable {
        case number(Double)
        case string(String)
        /// true, false or null.
        case word
    }

    /// - Returns: nil where the line is no flat object.
    package static func members(of line: some RandomAccessCollection<UInt8>) -> [(String, Value)]? {
        var scanner = ByteScanner(line)
        var members: [(String, Value)] = []
        scanner.skipSpaces()
        guard scanner.take("{") else { return nil }
        scanner.skipSpaces()
        if !scanner.take("}") {
            repeat {
                scanner.skipSpaces()
                guard let key = string(&scanner) else { return nil }
                scanner.skipSpaces()
                guard scanner.take(":") else { return nil }
                scanner.skipSpaces()
                guard let value = value(&scanner) else { return nil }
                members.append((key, value))
                scanner.skipSpaces()
            } while scanner.take(",")
            guard scanner.take("}") else { return nil }
        }
        scanner.skipSpaces()
        return scanner.isAtEnd ? members : nil
    }

    private static func value(_ scanner: inout ByteScanner) -> Value? {
        if let text = string(&scanner) { return .string(text) }
        for word in ["true", "false", "null"] where scanner.take(word) { return .word }
        return scanner.number().map(Value.number)
    }

    private static func string(_ scanner: inout ByteScanner) -> String? {
        var attempt = scanner
        guard attempt.take("\"") else { return nil }
        let start = attempt.index
        guard let end = attempt.skip(past: UInt8(ascii: "\"")) else { return nil }
        let plain = attempt.bytes[start..<end]
        guard !plain.contains(UInt8(ascii: "\\")) else {
            guard let text = escaped(&scanner) else { return nil }
            return text
        }
        scanner = attempt
        return String(decoding: plain, as: UTF8.self)
    }

    /// A string with escapes, which RFC 8259, section 7, lists.
    private static func escaped(_ scanner: inout ByteScanner) -> String? {
        _ = scanner.take("\"")
        var units: [UInt16] = []
        var plain: [UInt8] = []
        func flush() {
            units += Array(String(decoding: plain, as: UTF8.self).utf16)
            plain = []
        }
        while let byte = scanner.next() {
            switch byte {
            case UInt8(ascii: "\""):
                flush()
                return String(decoding: units, as: UTF16.self)
            case UInt8(ascii: "\\"):
                flush()
                guard let kind = scanner.next() else { return nil }
                switch kind {
                case UInt8(ascii: "n"): units.append(10)
                case UInt8(ascii: "t"): units.append(9)
                case UInt8(ascii: "r"): units.append(13)
                case UInt8(ascii: "b"): units.append(8)
                case UInt8(ascii: "f"): units.append(12)
                case UInt8(ascii: "u"):
                    guard let unit = scanner.hexUnit() else { return nil }
                    units.append(unit)
                default: units.append(UInt16(kind))
                }
            default:
                plain.append(byte)
            }
        }
        return nil
    }
}
