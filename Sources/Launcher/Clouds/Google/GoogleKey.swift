import Shared

/// A file that `--credentials_path` names on Google Cloud.
///
/// Terraform takes every file of Google's login library (google.aip.dev/auth/4110), but gsutil and
/// rclone, which move the bytes, take the key of a service account alone. New organisations forbid such
/// keys by default, so the file of a login is what people try instead.
enum GoogleKey {
    private static let withoutKey =
        "leave --credentials_path out, and log in twice: gcloud auth application-default login, "
        + "which Terraform reads, and gcloud auth login, which gcloud and gsutil read"
    private static let howTo =
        "make one: gcloud iam service-accounts keys create FILE --iam-account=ACCOUNT; or "
        + withoutKey

    private struct File: Decodable {
        var type: String?
        var client_email: String?
        var private_key: String?
        /// The key of an OAuth client that was registered in the console.
        var installed: JSONValue?
        var web: JSONValue?
        /// Of a key of Azure's, as az prints it.
        var appId: String?
    }

    /// - Throws: `Failure` that says what the file is; nothing of it is shown.
    static func check(_ path: String) throws {
        let data = try readFile(path)
        let name = "--credentials_path \(quoted(path))"
        guard let file = try? JSONDecoder().decode(File.self, from: data) else {
            throw Failure("\(name) is not a JSON key", hint: howTo)
        }
        switch file.type {
        case "service_account":
            guard file.client_email != nil else { throw Failure("\(name) names no account") }
            guard file.private_key != nil else {
                throw Failure("\(name) has no private key", hint: howTo)
            }
        case "authorized_user":
            throw Failure("\(name) is a person's own login, not a key", hint: withoutKey)
        case "impersonated_service_account":
            throw Failure(
                "\(name) is a login that acts for a service account, not a key",
                hint: "leave --credentials_path out, and name the account: "
                    + "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT=ACCOUNT train start …")
        case "external_account", "external_account_authorized_user":
            throw Failure(
                "\(name) is a login by workload identity federation, not a key",
                hint: "leave --credentials_path out: GOOGLE_APPLICATION_CREDENTIALS=FILE is for "
                    + "Terraform, gcloud auth login --cred-file=FILE for gcloud and gsutil")
        case let other?:
            throw Failure("\(name) is of the kind \(quoted(other)), not a key", hint: howTo)
        case nil where file.installed != nil || file.web != nil:
            throw Failure("\(name) is the secret of an OAuth client, not a key", hint: howTo)
        case nil where file.appId != nil:
            throw Failure("\(name) is a key of Azure's", hint: howTo)
        case nil:
            throw Failure("\(name) is not a key of a service account", hint: howTo)
        }
    }
}
