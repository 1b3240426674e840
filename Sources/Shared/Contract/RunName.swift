/// How a person addresses one run: (cloud, project_name, code_name, dataset_name).
///
/// From it come every name in the cloud. `slug` begins with a checksum of all four parts, at a
/// fixed place and of fixed length, so two runs differ there and no name is ever a prefix of
/// another's: restoring `run-1` must never match `run-10` (syne-tune PR #363).
package struct RunName: Codable, Sendable, Hashable, CustomStringConvertible {
    package var cloud: String
    package var projectName: String
    package var codeName: String
    package var datasetName: String
    /// One of several runs of the same code and dataset; nil for the only one, and absent from JSON.
    package var variant: String?

    /// The longest part a user may give; what does not fit in a slug is still in the checksum.
    package static let maximumPartLength = 100
    /// Bucket names hold at most 63 characters; this leaves room for the suffix `-output`.
    package static let maximumSlugLength = 54

    /// Checks every part.
    ///
    /// - Throws: `Failure` with exit code 2, naming the flag.
    package init(
        cloud: String, projectName: String, codeName: String, datasetName: String,
        variant: String? = nil
    ) throws {
        self.cloud = cloud
        self.projectName = try Self.checked(projectName, flag: "--project_name")
        self.codeName = try Self.checked(codeName, flag: "--code_name")
        self.datasetName = try Self.checked(datasetName, flag: "--dataset_name")
        self.variant = try variant.map { try Self.checked($0, flag: "the variant") }
    }

    /// Checks what comes from a bucket or a file as strictly as what a user types.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func part(_ key: CodingKeys) throws -> String {
            let text = try container.decode(String.self, forKey: key)
            do {
                return try Self.checked(text, flag: key.stringValue)
            } catch {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "\(quoted(text)) is no legal name"
                )
            }
        }
        cloud = try part(.cloud)
        projectName = try part(.projectName)
        codeName = try part(.codeName)
        datasetName = try part(.datasetName)
        variant =
            try container.decodeIfPresent(String.self, forKey: .variant) == nil
            ? nil : part(.variant)
    }

    package var description: String {
        "\(codeName)/\(datasetName)" + (variant.map { "/\($0)" } ?? "")
    }

    /// The run's name in the cloud: `train-CHECKSUM-CODE-DATASET`, and `-VARIANT` where there is one;
    /// `[a-z][a-z0-9-]*`, at most 54.
    package var slug: String {
        let parts = [cloud, projectName, codeName, datasetName] + (variant.map { [$0] } ?? [])
        let digest = SHA256.hash(Array(parts.joined(separator: "\u{0}").utf8))
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        // Ten characters of five bits: 50 bits, so a thousand runs of a team never meet.
        let checksum = String(digest.prefix(10).map { alphabet[Int($0) & 31] })
        // Of the variant the end, in which a sweep's names differ.
        let end = variant.map { String(Self.lowered($0).suffix(12).drop { $0 == "-" }) } ?? ""
        let room =
            Self.maximumSlugLength - "train-".count - checksum.count - 2
            - (end.isEmpty ? 0 : end.count + 1)
        let code = Self.lowered(codeName).prefix(room / 2)
        let dataset = Self.lowered(datasetName).prefix(room - code.count)
        let words = ["train", checksum, String(code), String(dataset), end].filter { !$0.isEmpty }
        var slug = words.joined(separator: "-")
        while slug.hasSuffix("-") { slug.removeLast() }
        return slug
    }

    /// Letters, digits, `.`, `_` and `-`, beginning with a letter or digit.
    ///
    /// These names become directories, labels and object names: a `/`, a `..` or a newline in one
    /// would reach out of its place.
    static func checked(_ part: String, flag: String) throws -> String {
        guard !part.isEmpty else {
            throw Failure.usage("\(flag) is empty", hint: "give a name such as \(flag) beer")
        }
        guard part.utf8.count <= maximumPartLength else {
            throw Failure.usage(
                "\(flag) has \(part.utf8.count) characters; at most \(maximumPartLength) are allowed"
            )
        }
        let scalars = Array(part.unicodeScalars)
        let legal = scalars.allSatisfy { isAlphanumeric($0) || "._-".unicodeScalars.contains($0) }
        guard legal, let first = scalars.first, isAlphanumeric(first) else {
            throw Failure.usage(
                "\(flag) \(quoted(part)) is not a legal name",
                hint: "use letters, digits, '.', '_' and '-', beginning with a letter or a digit")
        }
        return part
    }

    /// A name made of the last part of a path or URL, whatever characters that has.
    package static func part(ofPath path: String) -> String {
        let last = path.split(separator: "/").last ?? "root"
        let legal = last.unicodeScalars.map { scalar in
            isAlphanumeric(scalar) || "._-".unicodeScalars.contains(scalar)
                ? Character(scalar) : "-"
        }
        var trimmed = String(legal.drop { "._-".contains($0) }.prefix(60))
        while let end = trimmed.last, "._-".contains(end) { trimmed.removeLast() }
        return trimmed.isEmpty ? "unnamed" : trimmed
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }

    /// Lower case, every other character a dash, no dash doubled or at either end.
    private static func lowered(_ part: String) -> String {
        part.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
            .joined(separator: "-")
    }
}
