import Testing

@testable import Shared

@Suite struct RcloneRemoteTests {
    private func environment(_ url: String, key: String? = nil) throws -> [String: String?] {
        let place = try StoreURL(parsing: url)
        let store = RcloneStore(remote: RcloneRemote(for: place, credentialsPath: key))
        return store.list(place).environment
    }

    /// A machine's identity may write into its bucket, and neither make nor look at buckets.
    @Test(arguments: [
        ("gs://bucket", ["RCLONE_GCS_NO_CHECK_BUCKET", "RCLONE_GCS_BUCKET_POLICY_ONLY"]),
        ("s3://bucket", ["RCLONE_S3_NO_CHECK_BUCKET", "RCLONE_S3_ENV_AUTH"]),
        (
            "az://account/container",
            ["RCLONE_AZUREBLOB_NO_CHECK_CONTAINER", "RCLONE_AZUREBLOB_USE_MSI"]
        ),
    ])
    func `a bucket is never made or looked for`(url: String, names: [String]) throws {
        let environment = try environment(url)
        for name in names { #expect(environment[name] == "true", "\(name)") }
    }

    @Test func `the login of az counts, but not on a machine that names its identity`() {
        let laptop = RcloneRemote.azureLogin(in: [:])
        #expect(laptop["RCLONE_AZUREBLOB_ENV_AUTH"] == "true")
        let machine = RcloneRemote.azureLogin(in: ["RCLONE_AZUREBLOB_MSI_MI_RES_ID": "/id"])
        #expect(machine == ["RCLONE_AZUREBLOB_USE_MSI": "true"])
    }

    @Test func `a service principal is no machine's identity`() throws {
        let environment = try environment("az://account/container", key: "/key.json")
        #expect(environment["RCLONE_AZUREBLOB_USE_MSI"] == nil)
        #expect(environment["RCLONE_CONFIG_TRAINAZ_SERVICE_PRINCIPAL_FILE"] == "/key.json")
    }
}
