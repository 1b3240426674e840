import Shared

/// Terraform's backend `gcs` (developer.hashicorp.com/terraform/language/backend/gcs).
extension GoogleProvider {
    /// The backend names the object after Terraform's workspace.
    var stateObject: String { "terraform/default.tfstate" }

    func backend(_ place: BackendPlace) -> (kind: String, settings: [String: JSONValue]) {
        var settings: [String: JSONValue] = [
            "bucket": .string(place.url.bucket), "prefix": .string(place.url.path + "/terraform"),
        ]
        if let path = place.credentialsPath { settings["credentials"] = .string(path) }
        return ("gcs", settings)
    }
}
