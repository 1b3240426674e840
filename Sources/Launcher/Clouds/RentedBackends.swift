import Shared

// Terraform's backends, by its documentation (developer.hashicorp.com/terraform/language/backend).

extension GoogleCloud {
    func backend(_ place: BackendPlace) -> (kind: String, settings: [String: JSONValue]) {
        var settings: [String: JSONValue] = [
            "bucket": .string(place.url.bucket), "prefix": .string(place.url.path + "/terraform"),
        ]
        if let path = place.credentialsPath { settings["credentials"] = .string(path) }
        return ("gcs", settings)
    }
}

extension AmazonCloud {
    func backend(_ place: BackendPlace) -> (kind: String, settings: [String: JSONValue]) {
        var settings: [String: JSONValue] = [
            "bucket": .string(place.url.bucket),
            "key": .string(place.url.path + "/terraform.tfstate"),
            "region": .string(place.region ?? region(of: defaultZone)), "encrypt": .bool(true),
        ]
        if place.locksByFile { settings["use_lockfile"] = .bool(true) }
        if let path = place.credentialsPath {
            settings["shared_credentials_files"] = .array([.string(path)])
        }
        return ("s3", settings)
    }

    /// Its answer is `None` for the oldest region.
    func regionQuery(ofBucket bucket: String) -> [String]? {
        ["s3api", "get-bucket-location", "--bucket", bucket, "--output", "text"]
    }
}

extension AzureCloud {
    func backend(_ place: BackendPlace) -> (kind: String, settings: [String: JSONValue]) {
        let parts = place.url.path.split(separator: "/", maxSplits: 1).map(String.init)
        return (
            "azurerm",
            [
                "storage_account_name": .string(place.url.bucket),
                "container_name": .string(parts.first ?? ""),
                "key": .string((parts.last ?? "") + "/terraform.tfstate"),
                "use_azuread_auth": .bool(true),
            ]
        )
    }

    /// The backend reads no key file, and what stands in its settings is kept in the clear.
    func backendEnvironment(
        credentialsPath: String?, project: String
    ) throws -> [String: String?] {
        guard let credentialsPath else { return [:] }
        let data = try readFile(credentialsPath)
        let keys = try? JSONDecoder().decode([String: JSONValue].self, from: data)
        func text(_ names: String...) -> String? {
            for name in names {
                if case .string(let text)? = keys?[name] { return text }
            }
            return nil
        }
        return [
            "ARM_CLIENT_ID": text("appId", "clientId"),
            "ARM_CLIENT_SECRET": text("password", "clientSecret"),
            "ARM_TENANT_ID": text("tenant", "tenantId"),
            "ARM_SUBSCRIPTION_ID": text("subscriptionId") ?? project,
        ].compactMapValues { $0 }.mapValues { .some($0) }
    }
}
