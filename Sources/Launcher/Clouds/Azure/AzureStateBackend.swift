import Shared

/// Terraform's backend `azurerm` (developer.hashicorp.com/terraform/language/backend/azurerm).
extension AzureProvider {
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

    /// The backend reads no key file, and Terraform keeps its settings in the clear.
    func backendEnvironment(
        credentialsPath: String?, project: String
    ) throws -> [String: String?] {
        guard let credentialsPath else { return [:] }
        let key = try AzureKey(credentialsPath)
        return [
            "ARM_CLIENT_ID": key.clientId, "ARM_CLIENT_SECRET": key.clientSecret,
            "ARM_TENANT_ID": key.tenantId,
            "ARM_SUBSCRIPTION_ID": key.subscriptionId ?? project,
        ]
    }
}
