import Shared

/// Terraform's backend `s3` (developer.hashicorp.com/terraform/language/backend/s3).
extension AmazonProvider {
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

    /// It prints `None` for the oldest region.
    func regionQuery(ofBucket bucket: String) -> [String]? {
        ["s3api", "get-bucket-location", "--bucket", bucket, "--output", "text"]
    }

    var unnamedRegion: String { "us-east-1" }
}
