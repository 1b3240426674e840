/// A bucket as rclone knows it, told by the environment alone: no file on disk holds a secret.
package struct RcloneRemote: Sendable, Equatable {
    package let scheme: String
    /// Azure's storage account.
    package let account: String?
    package let credentialsPath: String?

    package init(for url: StoreURL, credentialsPath: String?) {
        scheme = url.scheme
        account = url.scheme == "az" ? url.bucket : nil
        self.credentialsPath = credentialsPath
    }

    /// Which of a machine's identities to use; `settings.tf` sets it on a rented machine.
    static let identityVariable = "RCLONE_AZUREBLOB_MSI_MI_RES_ID"

    /// Without a key: the identity of the machine, and elsewhere the login of az too.
    ///
    /// rclone looks for that since 1.61 (rclone.org/azureblob, env_auth); older ones do not know the word.
    /// A rented machine names its identity, and `env_auth` would ignore the name.
    static func azureLogin(in environment: [String: String]) -> [String: String] {
        var login = ["RCLONE_AZUREBLOB_USE_MSI": "true"]
        if environment[identityVariable] == nil { login["RCLONE_AZUREBLOB_ENV_AUTH"] = "true" }
        return login
    }

    private var name: String { "TRAIN" + scheme.uppercased() }

    func path(of url: StoreURL) -> String {
        // The account stands in the environment; what rclone takes for the bucket is the container.
        let parts = (account == nil ? [url.bucket, url.path] : [url.path]).filter { !$0.isEmpty }
        return "\(name):" + parts.joined(separator: "/")
    }

    /// S3 keeps a file's time where only a request for each object shows it.
    var downloadOptions: [String] { scheme == "s3" ? ["--use-server-modtime"] : [] }

    /// rclone lets RCLONE_CONFIG_(remote)_X go before RCLONE_(kind)_X: so a key that was given by
    /// name counts, and our defaults give way to what stands for the remote in the environment.
    var environment: [String: String?] {
        var environment: [String: String?] = ["RCLONE_CONFIG": "/dev/null"]
        let remote = "RCLONE_CONFIG_\(name)_"
        switch scheme {
        case "gs":
            environment[remote + "TYPE"] = "google cloud storage"
            environment["RCLONE_GCS_BUCKET_POLICY_ONLY"] = "true"
            environment["RCLONE_GCS_NO_CHECK_BUCKET"] = "true"
            if let credentialsPath {
                environment[remote + "SERVICE_ACCOUNT_FILE"] = credentialsPath
            } else {
                environment["RCLONE_GCS_ENV_AUTH"] = "true"
            }
        case "s3":
            environment[remote + "TYPE"] = "s3"
            environment["RCLONE_S3_PROVIDER"] = "AWS"
            environment["RCLONE_S3_ENV_AUTH"] = "true"
            environment["RCLONE_S3_NO_CHECK_BUCKET"] = "true"
            if let credentialsPath {
                environment.merge(LoginVariables.unset(LoginVariables.amazon)) { $1 }
                environment["AWS_SHARED_CREDENTIALS_FILE"] = credentialsPath
            }
            // rclone 1.60 refuses S3 altogether where this is set.
            environment["AWS_CA_BUNDLE"] = .some(nil)
        default:
            environment[remote + "TYPE"] = "azureblob"
            environment[remote + "ACCOUNT"] = account
            environment["RCLONE_AZUREBLOB_NO_CHECK_CONTAINER"] = "true"
            if let credentialsPath {
                environment[remote + "SERVICE_PRINCIPAL_FILE"] = credentialsPath
            } else {
                let login = Self.azureLogin(in: ProcessInfo.processInfo.environment)
                for (name, value) in login { environment[name] = value }
            }
        }
        return environment
    }
}
