import Shared

/// One thing in a cloud that carries the engine's labels, so that it can be found without state.
struct Living: Codable, Sendable, Equatable {
    /// `machine`, `disk`, `bucket`, or the cloud's own word.
    var kind: String
    var name: String
    var zone: String?
    var state: String?
    /// The slug of the run it belongs to.
    var run: String?

    var text: String {
        let words = [kind, name, zone.map { "in \($0)" }, state.map { "(\($0.lowercased()))" }]
        return harmless(words.compactMap { $0 }.joined(separator: " "))
    }

    /// Whether two questions have found one thing.
    func isSame(as other: Living) -> Bool {
        kind == other.kind && name == other.name && zone == other.zone
    }

    /// The label that everything of ours carries; see `variables.tf`.
    static let label = (name: "created-by", value: "ai-training-engine")
}

/// A command of a cloud's tool that prints labelled things as a JSON list.
struct LivingQuery: Sendable {
    /// nil: each row says it.
    var kind: String?
    var arguments: [String]
    /// False where the cloud goes on listing for a while what is gone already.
    var isPrompt = true

    private struct Row: Decodable {
        var name: String
        var kind: String?
        var zone: String?
        var state: String?
        var status: String?
        var labels: [String: String]?
        var tags: JSONValue?
    }

    /// - Throws: `DecodingError` where the tool printed something else.
    func read(_ text: String) throws -> [Living] {
        let shown = text.contains { !$0.isWhitespace } ? text : "[]"
        return try JSONDecoder().decode([Row]?.self, from: Data(shown.utf8))?.map { row in
            Living(
                kind: kind ?? row.kind ?? "resource", name: row.name,
                // Google gives a URL, of which the last part is the name.
                zone: row.zone?.split(separator: "/").last.map(String.init),
                state: row.state ?? row.status,
                run: row.labels?["run"] ?? Self.run(in: row.tags))
        } ?? []
    }

    /// Azure's tags are an object, Amazon's a list of keys and values.
    private static func run(in tags: JSONValue?) -> String? {
        switch tags {
        case .object(let object):
            if case .string(let run)? = object["run"] { return run }
        case .array(let items):
            for case .object(let item) in items where item["Key"] == "run" {
                if case .string(let run)? = item["Value"] { return run }
            }
        default: break
        }
        return nil
    }
}
