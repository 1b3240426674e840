import Shared

/// A service principal's file, as `az ad sp create-for-rbac` prints it, with or without --json-auth.
struct AzurePrincipal: Sendable {
    var appId: String?
    var subscriptionId: String?

    /// - Throws: `Failure` where the file cannot be read; nothing of it is shown.
    init(_ path: String) throws {
        let keys = try? JSONDecoder().decode([String: JSONValue].self, from: readFile(path))
        guard let keys else {
            throw Failure("--credentials_path \(quoted(path)) is not a JSON object")
        }
        func text(_ name: String) -> String? {
            if case .string(let text)? = keys[name] { text } else { nil }
        }
        appId = text("appId") ?? text("clientId")
        subscriptionId = text("subscriptionId")
    }
}
