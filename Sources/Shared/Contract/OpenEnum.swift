/// An enum of the contract that a later version may extend.
///
/// A reader keeps a name that it does not know as `unknown`, so that a newer agent's status does
/// not make an older launcher fail. A name that no version could write is refused: it is printed.
package protocol OpenEnum: RawRepresentable, Codable, Sendable, Hashable, CaseIterable
where RawValue == String {
    /// A name of a later version, as it was read.
    static func unknown(_ name: String) -> Self
}

extension OpenEnum {
    package init(rawValue: String) { self = Self.named(rawValue) }

    private static func named(_ name: String) -> Self {
        allCases.first { $0.rawValue == name } ?? .unknown(name)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard name.wholeMatch(of: /[a-z][a-z0-9_]{0,63}/) != nil else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(quoted(name)) is not a name such as final_sync")
        }
        self = Self.named(name)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
