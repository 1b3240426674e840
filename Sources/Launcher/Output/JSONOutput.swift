import Shared

extension Console {
    /// Prints a value for programs: keys as in all JSON of the contract.
    ///
    /// Characters that steer a terminal stand in it as `\\uXXXX`, which JSON allows in every text: a
    /// program reads what was meant, and a person's terminal shows it as it is.
    func printJSON(_ value: some Encodable) throws { try printJSON(value, pretty: true) }

    /// The same on one line, for a stream of values.
    func printJSONLine(_ value: some Encodable) throws { try printJSON(value, pretty: false) }

    private func printJSON(_ value: some Encodable, pretty: Bool) throws {
        let text = String(decoding: try JSONFormat.encode(value, pretty: pretty), as: UTF8.self)
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.steersTerminal, scalar != "\n" {
                escaped.append(contentsOf: Self.escape(scalar).unicodeScalars)
            } else {
                escaped.append(scalar)
            }
        }
        output(String(escaped) + "\n")
    }

    /// As one or two UTF-16 units of four hex digits each (RFC 8259, section 7).
    private static func escape(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}
