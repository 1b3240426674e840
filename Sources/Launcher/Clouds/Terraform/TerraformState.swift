import Shared

/// Terraform's state, version 4, read as data (its internal/states/statefile/version4.go).
struct TerraformState: Sendable {
    static let largest = 64 << 20

    private let outputs: [String: JSONValue]
    private var instances: [Instance] = []

    private struct Instance {
        var address: String
        /// Such as `registry.terraform.io/hashicorp/google`; nil where it does not read.
        var provider: String?
        var isManaged: Bool
        /// Each text in its attributes, and the name of the attribute that holds it.
        var texts: [(name: String, text: String)]
    }

    /// - Throws: `Failure` where it does not read, or is of another version.
    init(_ data: Data) throws {
        guard !data.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) else {
            outputs = [:]
            return
        }
        guard let state = try? JSONDecoder().decode([String: JSONValue].self, from: data) else {
            throw Failure("Terraform's state does not read")
        }
        outputs = state["outputs"]?.members ?? [:]
        // Terraform reads names without regard to their case.
        guard state.keys.allSatisfy({ $0 == $0.lowercased() }), let resources = state["resources"]
        else {
            guard state.keys.allSatisfy({ $0 == $0.lowercased() }), state["modules"] == nil else {
                throw Failure("Terraform's state is of no known version")
            }
            return
        }
        guard state["version"] == .integer(4) else {
            throw Failure("Terraform's state is of no known version")
        }
        for resource in resources.items { add(resource) }
    }

    private mutating func add(_ resource: JSONValue) {
        let provider = resource["provider"]?.text?.firstMatch(of: /provider\["([^"]+)"\]/)
        let isManaged = resource["mode"] == .string("managed")
        let path = [
            resource["module"]?.text, isManaged ? nil : "data", resource["type"]?.text,
            resource["name"]?.text,
        ].compactMap { $0 }.joined(separator: ".")
        // One without instances has a provider too.
        for instance in [nil] + (resource["instances"]?.items ?? []).map(Optional.some) {
            var address = path
            switch instance?["index_key"] {
            case .string(let key): address += "[\"\(key)\"]"
            case .integer(let key): address += "[\(key)]"
            default: break
            }
            instances.append(
                Instance(
                    address: address, provider: provider.map { String($0.1) },
                    isManaged: isManaged && instance != nil,
                    texts: Self.texts(instance?["attributes"], named: "")))
        }
    }

    private static func texts(
        _ value: JSONValue?, named name: String
    ) -> [(name: String, text: String)] {
        switch value {
        case .string(let text): [(name, text)]
        case .array(let items): items.flatMap { texts($0, named: name) }
        case .object(let members): members.flatMap { texts($0.value, named: $0.key) }
        default: []
        }
    }

    /// Of what was made; data sources do not count.
    var addresses: [String] { instances.filter(\.isManaged).map(\.address) }

    /// What `outputs.tf` says of the machine.
    func machine() throws -> Machine {
        try Machine(terraformOutput: JSONEncoder().encode(outputs))
    }

    /// - Throws: `Failure` where any resource wants another provider: Terraform would run it.
    func check(_ provider: LockedProvider) throws {
        guard let other = instances.first(where: { $0.provider != provider.source }) else { return }
        throw Failure(
            "Terraform's state names the provider \(quoted(other.provider ?? "of no known name")), "
                + "which is not the engine's: it was not run",
            detail: "of the resource \(quoted(other.address))",
            hint: "somebody has changed the state in its bucket; find out who may write there, and "
                + "remove the run's resources in the cloud's console")
    }

    /// Looks whether each resource bears one of the run's names, or hangs on one that does.
    ///
    /// A guard against accidental changes of the state: a person who can write the state
    /// can also write the names.
    ///
    /// - Throws: `Failure` naming the first that does neither.
    func check(carries names: [String]) throws {
        let managed = instances.filter(\.isManaged)
        func bears(_ instance: Instance) -> Bool {
            instance.texts.contains { entry in names.contains { entry.text.contains($0) } }
        }
        let known = Set(managed.filter(bears).flatMap { $0.texts.map(\.text) })
        let shared = ["owner_id", "tenant_id", "subscription_id", "client_id", "account_id"]
        let stranger = managed.first { instance in
            !bears(instance)
                && !instance.texts.contains { entry in
                    // A grant on Google names who may by `member`.
                    (entry.name.hasSuffix("_id") || entry.name == "member")
                        && !shared.contains(entry.name) && !entry.text.isEmpty
                        && known.contains(entry.text)
                }
        }
        guard let stranger else { return }
        throw Failure(
            "Terraform's state holds \(quoted(stranger.address)), which bears no name of this run: "
                + "nothing was removed",
            hint: "somebody has changed the state in its bucket; find out who may write there")
    }
}

extension JSONValue {
    fileprivate subscript(key: String) -> JSONValue? { members?[key] }
    fileprivate var members: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }
    fileprivate var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
}
