/// All kinds of stores, by scheme and tool. A new one is one more row here.
package enum StoreRegistry {
    package static let schemes = ["file", "gs", "s3", "az"]

    /// The tools that `--transfer_tool` may name for a scheme; the first is its own.
    package static func tools(for scheme: String) -> [String] {
        switch scheme {
        case "gs": ["gsutil", "gcloud", "rclone"]
        case "s3": ["aws", "rclone"]
        case "az": ["rclone"]
        default: []
        }
    }

    /// - Throws: `Failure` with exit code 2 where no store has that scheme or tool.
    package static func store(for url: StoreURL, access: StoreAccess) throws -> any ObjectStore {
        let key = access.credentialsPath.map(StoreURL.absolutePath)
        let rclone = RcloneStorage(remote: RcloneRemote(for: url, credentialsPath: key))
        // It starts in a tenth of the time; who chose a tool gets that one.
        let faster = access.tool == nil && isInstalled("rclone") ? rclone : nil
        // A local directory needs no tool, whatever was chosen for the bucket beside it.
        if url.scheme == "file" {
            return FileStorage(program: access.program ?? OwnProgram.path())
        }
        let state = access.stateDirectory ?? GoogleStorage.defaultStateDirectory
        switch (url.scheme, access.tool ?? tools(for: url.scheme).first) {
        case ("gs", "gsutil"):
            return GoogleStorage(credentialsPath: key, stateDirectory: state, faster: faster)
        case ("gs", "gcloud"):
            return GcloudStorage(
                gsutil: GoogleStorage(credentialsPath: key, stateDirectory: state))
        case ("s3", "aws"):
            return S3Storage(credentialsPath: key, faster: faster)
        case ("gs", "rclone"), ("s3", "rclone"), ("az", "rclone"):
            return rclone
        case (_, nil):
            throw Failure.usage("\(url): no store has the scheme \(quoted(url.scheme))")
        case (_, let tool?):
            let fitting = tools(for: url.scheme).joined(separator: ", ")
            throw Failure.usage(
                "--transfer_tool \(tool) does not fit \(url.scheme)://",
                hint: "give one of: \(fitting)")
        }
    }
}
