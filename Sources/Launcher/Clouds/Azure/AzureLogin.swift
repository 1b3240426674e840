import Shared

/// A service principal's key file, as `az ad sp create-for-rbac` prints it.
///
/// The only reader of such a file. rclone, which moves the blobs, reads `appId`, `password` and
/// `tenant` and no other names (rclone.org/azureblob, service_principal_file), so these are required
/// everywhere; what --json-auth prints has other names.
struct AzureKey: Sendable, Equatable {
    var clientId: String
    var clientSecret: String
    var tenantId: String
    /// Not printed by az; a person may add it in place of `--project_name`.
    var subscriptionId: String?

    static let howTo =
        "log in with az login and leave --credentials_path out; or make a key: az ad sp "
        + "create-for-rbac --role Owner --scopes /subscriptions/ID > FILE; and give --project_name ID"

    /// - Throws: `Failure` that names what is missing; nothing of the file is shown.
    init(_ path: String) throws {
        let data = try readFile(path)
        guard let keys = try? JSONDecoder().decode([String: JSONValue].self, from: data) else {
            throw Failure(
                "--credentials_path \(quoted(path)) is not a JSON object", hint: Self.howTo)
        }
        if keys["type"] == "service_account" {
            throw Failure(
                "--credentials_path \(quoted(path)) is a key of Google's", hint: Self.howTo)
        }
        func optional(_ name: String) -> String? {
            if case .string(let text)? = keys[name], !text.isEmpty { text } else { nil }
        }
        func required(_ name: String) throws -> String {
            if let text = optional(name) { return text }
            let isOther = keys["clientId"] != nil
            throw Failure(
                "--credentials_path \(quoted(path)) has no \(name)",
                hint: isOther
                    ? "it looks like the output of --json-auth, which rclone does not read; "
                        + Self.howTo : Self.howTo)
        }
        clientId = try required("appId")
        clientSecret = try required("password")
        tenantId = try required("tenant")
        subscriptionId = optional("subscriptionId")
    }

    /// Such as `11111111-1111-1111-1111-111111111111`.
    static func isSubscription(_ name: String) -> Bool {
        name.wholeMatch(of: /[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/) != nil
    }
}

extension AzureProvider {
    var loginVariables: [String] { LoginVariables.azure }
    var loginCommand: String { "az login" }

    /// az has its own login only and reads no key file.
    func environment(credentialsPath: String?) -> [String: String?] {
        ["AZURE_CORE_ONLY_SHOW_ERRORS": "1", "AZURE_CORE_NO_COLOR": "1"]
    }

    func checkKey(_ path: String, project: String) throws {
        let key = try AzureKey(path)
        guard AzureKey.isSubscription(project) || key.subscriptionId != nil else {
            throw Failure.usage(
                "--project_name is not the id of a subscription", hint: AzureKey.howTo)
        }
    }

    /// Without a key the login of az counts, and it does not say which of its subscriptions is meant.
    func checkLogin(project: String) throws {
        guard AzureKey.isSubscription(project) else {
            throw Failure.usage(
                "--project_name is not the id of a subscription",
                hint: "az account show --query id --output tsv prints it")
        }
        guard isInstalled(tool) else {
            throw Failure.notInstalled(
                tool, purpose: "whose login Terraform and rclone read",
                hint: "install it, and az login; or give --credentials_path FILE")
        }
    }
}
