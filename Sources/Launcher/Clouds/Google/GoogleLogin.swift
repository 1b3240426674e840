import Shared

/// The login that Terraform's Google provider and backend read if no key is given.
///
/// They ignore `gcloud auth login`: they take what the environment names, else the "application
/// default credentials" (cloud.google.com/docs/terraform/authentication), in the order of the Go
/// library (golang.org/x/oauth2/google, findDefaultCredentials).
struct GoogleLogin: Sendable {
    var environment: [String: String]
    /// The computer's name in its firmware: Google's machines give tokens to every program on them.
    var product: String

    static func ofThisComputer() -> GoogleLogin {
        let product = try? readFile("/sys/class/dmi/id/product_name")
        return GoogleLogin(
            environment: ProcessInfo.processInfo.environment,
            product: String(decoding: product ?? Data(), as: UTF8.self))
    }

    /// The source of the login.
    enum Source: Equatable, Sendable {
        /// A variable that only Terraform reads.
        case variable(String)
        /// A short-lived token of the user's.
        case token
        case defaults
    }

    /// The command that gives Terraform a login.
    static let hint =
        "log in for Terraform too: gcloud auth application-default login; or give "
        + "--credentials_path FILE"

    /// - Throws: `Failure` if Terraform would find none.
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
                    "GOOGLE_APPLICATION_CREDENTIALS names \(quoted(path)), which does not exist",
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
                "Terraform finds no login for Google Cloud, and does not use that of gcloud",
                hint: Self.hint)
        }
        return .defaults
    }
}

extension GoogleProvider {
    var loginVariables: [String] { LoginVariables.google }
    var loginCommand: String { "gcloud auth application-default login" }

    func environment(credentialsPath: String?) -> [String: String?] {
        var environment: [String: String?] = ["CLOUDSDK_CORE_DISABLE_PROMPTS": "1"]
        if let credentialsPath {
            environment["CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"] = credentialsPath
        } else if let account = LoginVariables.impersonated(in: login.environment) {
            environment["CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT"] = account
        }
        return environment
    }

    /// The provider and its backend each have a variable of their own
    /// (registry.terraform.io/providers/hashicorp/google, developer.hashicorp.com/terraform/language/backend/gcs).
    func terraformEnvironment(_ environment: [String: String]) -> [String: String?] {
        guard let account = LoginVariables.impersonated(in: environment) else { return [:] }
        return [
            "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": account,
            "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT": account,
        ]
    }

    func checkKey(_ path: String, project: String) throws { try GoogleKey.check(path) }
}
