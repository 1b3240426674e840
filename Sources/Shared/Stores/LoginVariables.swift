/// The variables of the environment that hold a login, which tools and Terraform's providers put
/// before a key file: where the user gave one, they are kept from the child.
package enum LoginVariables {
    /// gcloud's properties (cloud.google.com/sdk/gcloud/reference/topic/configurations), Terraform's
    /// provider and its gcs backend.
    package static let google = [
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
        "GCLOUD_KEYFILE_JSON", "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT",
        "GOOGLE_CLOUD_KEYFILE_JSON", "GOOGLE_CREDENTIALS", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
        "GOOGLE_OAUTH_ACCESS_TOKEN",
    ]

    /// The service account that the user acts for on Google Cloud: gcloud's own variable, else that of
    /// Terraform's provider. Each tool reads one of the two, so we give each what the other says.
    package static func impersonated(in environment: [String: String]) -> String? {
        ["CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"]
            .lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }

    /// The chain of AWS' SDKs (docs.aws.amazon.com/sdkref, "Credentials and access").
    package static let amazon = [
        "AWS_ACCESS_KEY_ID", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_DEFAULT_PROFILE", "AWS_PROFILE",
        "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    ]

    /// Terraform's azurerm provider and backend; az has its own login only.
    package static let azure = [
        "ARM_ACCESS_KEY", "ARM_CLIENT_CERTIFICATE", "ARM_CLIENT_CERTIFICATE_PASSWORD",
        "ARM_CLIENT_CERTIFICATE_PATH", "ARM_CLIENT_ID", "ARM_CLIENT_ID_FILE_PATH",
        "ARM_CLIENT_SECRET", "ARM_CLIENT_SECRET_FILE_PATH", "ARM_OIDC_REQUEST_TOKEN",
        "ARM_OIDC_REQUEST_URL", "ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH", "ARM_SAS_TOKEN",
        "ARM_TENANT_ID", "ARM_USE_AKS_WORKLOAD_IDENTITY", "ARM_USE_CLI", "ARM_USE_MSI",
        "ARM_USE_OIDC",
    ]

    /// For `Command.environment`.
    package static func unset(_ names: [String]) -> [String: String?] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, String?.none) })
    }
}
