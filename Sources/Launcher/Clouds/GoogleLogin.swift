import Shared

/// The login that Google's provider and backend of Terraform read where no key is given.
///
/// They know nothing of `gcloud auth login`: they take what the environment names, else the
/// "application default credentials" (cloud.google.com/docs/terraform/authentication), which the
/// Go library looks for as it is done here (golang.org/x/oauth2/google, findDefaultCredentials).
struct GoogleLogin: Sendable {
    var environment: [String: String]
    /// What the firmware calls this computer: Google's own hand out tokens to whoever runs there.
    var product: String

    static func ofThisComputer() -> GoogleLogin {
        let product = try? readFile("/sys/class/dmi/id/product_name")
        return GoogleLogin(
            environment: ProcessInfo.processInfo.environment,
            product: String(decoding: product ?? Data(), as: UTF8.self))
    }

    /// Where the login comes from.
    enum Source: Equatable, Sendable {
        /// A variable that only Terraform reads.
        case variable(String)
        /// A short-lived token that the user made.
        case token
        case defaults
    }

    /// The command that gives Terraform a login.
    static let hint =
        "log in for Terraform too: gcloud auth application-default login; or give "
        + "--credentials_path FILE"

    /// - Throws: `Failure` where Terraform would find none.
    func source() throws -> Source {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        // The order of the provider's own code.
        if value("GOOGLE_OAUTH_ACCESS_TOKEN") != nil { return .token }
        let keys = ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"]
        if let name = keys.first(where: { value($0) != nil }) { return .variable(name) }
        if let path = value("GOOGLE_APPLICATION_CREDENTIALS") {
            guard exists(path) else {
                throw Failure(
                    "GOOGLE_APPLICATION_CREDENTIALS names \(quoted(path)), which is not there",
                    hint: Self.hint)
            }
            return .defaults
        }
        let file = (value("HOME") ?? "/") + "/.config/gcloud/application_default_credentials.json"
        let isGoogles =
            product.hasPrefix("Google") || value("GCE_METADATA_HOST") != nil
            || value("CLOUD_SHELL") == "true"
        guard exists(file) || isGoogles else {
            throw Failure(
                "Terraform finds no login for Google Cloud: that of gcloud does not count for it",
                hint: Self.hint)
        }
        return .defaults
    }
}
