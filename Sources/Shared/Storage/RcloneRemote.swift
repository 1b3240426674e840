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

    private var name: String { "TRAIN" + scheme.uppercased() }

    func path(of url: StoreURL) -> String {
        // The account stands in the environment; what rclone takes for the bucket is the container.
        let parts = (account == nil ? [url.bucket, url.path] : [url.path]).filter { !$0.isEmpty }
        return "\(name):" + parts.joined(separator: "/")
    }

    /// S3 keeps a file's time where only a request for each object shows it.
    var downloadOptions: [String] { scheme == "s3" ? ["--use-server-modtime"] : [] }

    /// What is set for the remote gives way to RCLONE_GCS_… and the like of the user's own; a key
    /// file that was given by name does not.
    var environment: [String: String?] {
        var environment: [String: String?] = ["RCLONE_CONFIG": "/dev/null"]
        func set(_ key: String, _ value: String) {
            environment["RCLONE_CONFIG_\(name)_\(key)"] = value
        }
        switch scheme {
        case "gs":
            set("TYPE", "google cloud storage")
            set("BUCKET_POLICY_ONLY", "true")
            set("NO_CHECK_BUCKET", "true")
            if credentialsPath == nil { set("ENV_AUTH", "true") }
            environment["RCLONE_GCS_SERVICE_ACCOUNT_FILE"] = credentialsPath.map { .some($0) }
        case "s3":
            set("TYPE", "s3")
            set("PROVIDER", "AWS")
            set("ENV_AUTH", "true")
            set("NO_CHECK_BUCKET", "true")
            environment["AWS_SHARED_CREDENTIALS_FILE"] = credentialsPath.map { .some($0) }
            // rclone 1.60 refuses S3 altogether where this is set.
            environment["AWS_CA_BUNDLE"] = .some(nil)
        default:
            set("TYPE", "azureblob")
            set("ACCOUNT", account ?? "")
            set("NO_CHECK_CONTAINER", "true")
            if credentialsPath == nil { set("USE_MSI", "true") }
            environment["RCLONE_AZUREBLOB_SERVICE_PRINCIPAL_FILE"] = credentialsPath.map {
                .some($0)
            }
        }
        return environment
    }
}
