import Shared

/// One thing in a cloud that carries the engine's labels, so that it can be found without state.
struct Living: Codable, Sendable, Equatable {
    /// `machine`, `disk`, `bucket`, or the cloud's own word.
    var kind: String
    var name: String
    var zone: String?
    /// Where it was found, on clouds that are asked region by region.
    var region: String?
    /// The subscription it was found in, on clouds where its removal must name that.
    var account: String?
    var state: String?
    /// The slug of the run it belongs to.
    var run: String?

    var text: String {
        let place = zone ?? region
        let words = [kind, name, place.map { "in \($0)" }, state.map { "(\($0.lowercased()))" }]
        return harmless(words.compactMap { $0 }.joined(separator: " "))
    }

    /// Azure lists everything by the names of its kinds.
    var isMachine: Bool { kind == "machine" || kind.lowercased().hasSuffix("/virtualmachines") }

    /// What tells it from all others of its cloud: a machine and its boot disk share a name, and
    /// Google's disks of two zones may. AWS's names are enough in a region.
    var key: String { "\(kind) \(name) \(region ?? zone ?? "")" }

    /// The label that everything of ours carries; see `variables.tf`.
    static let label = (name: "created-by", value: "ai-training-engine")
}

extension [Living] {
    /// Adds what no earlier question has found: two may find one thing.
    mutating func add(_ more: [Living]) {
        let known = Set(map(\.key))
        self += more.filter { !known.contains($0.key) }
    }
}

/// A command of a cloud's tool that prints labelled things as a JSON list.
struct LivingQuery: Sendable {
    /// How soon the listing is without what is gone.
    enum Forgetting: Sendable {
        case atOnce
        /// Within minutes: asked again before it counts.
        case soon
        /// Too late to wait for.
        case late
    }

    /// nil: each row says it.
    var kind: String?
    var arguments: [String]
    var forgets = Forgetting.atOnce
    /// False where what is listed need not be ours: whatever names no run of ours is left out.
    var isOursAlone = true
    var region: String?
    var account: String?

    private struct Row: Decodable {
        var name: String
        var kind: String?
        var zone: String?
        var state: String?
        var status: String?
        var labels: [String: String]?
        var tags: JSONValue?
        /// An instance profile's name or ARN, which ends in the run's slug.
        var profile: String?

        /// Azure's tags are an object, Amazon's a list of keys and values.
        func tag(_ name: String) -> String? {
            switch tags {
            case .object(let object):
                if case .string(let value)? = object[name] { return value }
            case .array(let items):
                for case .object(let item) in items where item["Key"] == .string(name) {
                    if case .string(let value)? = item["Value"] { return value }
                }
            default: break
            }
            return nil
        }

        /// The run of an instance profile that was made for one; see `RunName.slug`.
        var runOfProfile: String? {
            let name = profile?.split(separator: "/").last.map(String.init)
            return name?.wholeMatch(of: /train-[a-z2-7]{10}(-[a-z0-9-]+)?/) == nil ? nil : name
        }
    }

    /// - Throws: `DecodingError` where the tool printed something else.
    func read(_ text: String) throws -> [Living] {
        let shown = text.contains { !$0.isWhitespace } ? text : "[]"
        let rows = try JSONDecoder().decode([Row]?.self, from: Data(shown.utf8)) ?? []
        return rows.compactMap { row in
            let isLabelled = row.tag(Living.label.name) == Living.label.value
            let run = row.labels?["run"] ?? (isOursAlone || isLabelled ? row.tag("run") : nil)
            guard isOursAlone || run != nil || row.runOfProfile != nil else { return nil }
            return Living(
                kind: kind ?? row.kind ?? "resource", name: row.name,
                // Google gives a URL, of which the last part is the name.
                zone: row.zone?.split(separator: "/").last.map(String.init),
                region: region, account: account, state: row.state ?? row.status,
                run: run ?? row.runOfProfile)
        }
    }
}
