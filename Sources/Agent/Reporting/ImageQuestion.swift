import Shared

/// Asks a rented machine's metadata service which image the machine was made from.
///
/// What a user gives, or the default, is a family or an alias; to do a run again takes the image it meant
/// that day. Google: `instance/image`; Amazon: `ami-id`, with a token since IMDSv2; Azure:
/// `compute/storageProfile/imageReference`, `exactVersion` in it.
enum ImageQuestion {
    /// The one address that all three have for it (RFC 3927 link-local).
    private static let service = "http://169.254.169.254"

    /// - Parameter answer: runs a command, and gives what it printed, or nil.
    /// - Returns: nil where the cloud has no images, or does not say.
    static func image(
        cloud: String, answer: (Command) async -> String?
    ) async -> String? {
        let told: String?
        switch cloud {
        case "gcp":
            told = await answer(
                get("/computeMetadata/v1/instance/image", header: "Metadata-Flavor: Google"))
        case "aws":
            let token = await answer(
                curl(
                    ["-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60"]
                        + [service + "/latest/api/token"]))
            guard let token = plain(token) else { return nil }
            told = await answer(
                get("/latest/meta-data/ami-id", header: "X-aws-ec2-metadata-token: \(token)"))
        case "azure":
            told = await answer(
                get(
                    "/metadata/instance/compute/storageProfile/imageReference"
                        + "?api-version=2021-12-13&format=json", header: "Metadata: true")
            ).flatMap(ofAzure)
        default: return nil
        }
        return plain(told)
    }

    private struct Reference: Decodable {
        var id: String?
        var publisher: String?
        var offer: String?
        var sku: String?
        var version: String?
        var exactVersion: String?
    }

    private static func ofAzure(_ text: String) -> String? {
        guard let found = try? JSONDecoder().decode(Reference.self, from: Data(text.utf8)) else {
            return nil
        }
        if let id = found.id, !id.isEmpty { return id }
        let parts = [found.publisher, found.offer, found.sku, found.exactVersion ?? found.version]
        let words = parts.compactMap { $0 }.filter { !$0.isEmpty }
        return words.count == parts.count ? words.joined(separator: ":") : nil
    }

    /// One short line of visible characters; nil for anything else.
    private static func plain(_ text: String?) -> String? {
        guard let line = text?.split(whereSeparator: \.isNewline).first, line.utf8.count <= 500,
            line.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F })
        else { return nil }
        return String(line)
    }

    private static func get(_ path: String, header: String) -> Command {
        curl(["-H", header, service + path])
    }

    private static func curl(_ arguments: [String]) -> Command {
        Command(
            "curl",
            ["--silent", "--fail", "--noproxy", "*", "--max-time", "10", "--max-filesize", "65536"]
                + arguments)
    }
}
