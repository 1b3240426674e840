import Shared

/// A resource in a cloud that carries the engine's labels, so that it is found without any state.
struct LabelledResource: Codable, Sendable, Equatable {
    /// `machine`, `disk`, `bucket`, or the cloud's own word.
    var kind: String
    var name: String
    var zone: String?
    /// Set on clouds that are asked region by region.
    var region: String?
    /// The account to name at its removal, on clouds that require it.
    var account: String?
    var state: String?
    /// The slug of the run it belongs to.
    var run: String?

    var text: String {
        let place = zone ?? region
        let words = [kind, name, place.map { "in \($0)" }, state.map { "(\($0.lowercased()))" }]
        return oneLine(words.compactMap { $0 }.joined(separator: " "))
    }

    /// Azure lists every resource by the name of its type.
    var isMachine: Bool { kind == "machine" || kind.lowercased().hasSuffix("/virtualmachines") }

    /// Identifies it in its cloud: a machine and its boot disk share a name, and Google's disks of two
    /// zones may. AWS' names are unique in a region.
    var key: String { "\(kind) \(name) \(region ?? zone ?? "")" }

    /// The label on every resource of the engine; see `settings.tf`.
    static let label = (name: "created-by", value: "ai-training-engine")
}

extension [LabelledResource] {
    /// Adds what no earlier query has found: two queries may find the same resource.
    mutating func add(_ more: [LabelledResource]) {
        let known = Set(map(\.key))
        self += more.filter { !known.contains($0.key) }
    }
}

/// A command of a cloud's tool that prints labelled resources as a JSON list.
struct ResourceQuery: Sendable {
    /// How long the listing shows resources that are deleted.
    enum ListingLag: Sendable {
        case none
        /// Asked again before the result counts.
        case minutes
        /// Longer than a command may wait.
        case long
    }

    /// nil if each row names its kind.
    var kind: String?
    var arguments: [String]
    var lag = ListingLag.none
    /// False if the listing also shows other people's resources: rows that name no run of the engine
    /// are left out.
    var listsOnlyOurs = true
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

        /// Azure's tags are an object, AWS' a list of keys and values.
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

        /// The run of an instance profile that was created for one; see `RunName.slug`.
        var runOfProfile: String? {
            let name = profile?.split(separator: "/").last.map(String.init)
            return name?.wholeMatch(of: /train-[a-z2-7]{10}(-[a-z0-9-]+)?/) == nil ? nil : name
        }
    }

    /// - Throws: `DecodingError` if the tool printed something else.
    func read(_ text: String) throws -> [LabelledResource] {
        let shown = text.contains { !$0.isWhitespace } ? text : "[]"
        let rows = try JSONDecoder().decode([Row]?.self, from: Data(shown.utf8)) ?? []
        return rows.compactMap { row in
            let isLabelled = row.tag(LabelledResource.label.name) == LabelledResource.label.value
            let run = row.labels?["run"] ?? (listsOnlyOurs || isLabelled ? row.tag("run") : nil)
            guard listsOnlyOurs || run != nil || row.runOfProfile != nil else { return nil }
            return LabelledResource(
                kind: kind ?? row.kind ?? "resource", name: row.name,
                // Google prints a URL that ends in the zone's name.
                zone: row.zone?.split(separator: "/").last.map(String.init),
                region: region, account: account, state: row.state ?? row.status,
                run: run ?? row.runOfProfile)
        }
    }
}
