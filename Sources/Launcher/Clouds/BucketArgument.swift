import Shared

/// Reads a bucket that the user names for a rented cloud: its bare name, or its URL with a prefix.
enum BucketArgument {
    /// - Throws: `Failure` with exit code 2 for a directory, or a bucket of another cloud.
    static func parse(_ text: String, scheme: String) throws -> StoreURL {
        let example = StoreRegistry.kind(of: scheme)?.example ?? "\(scheme)://BUCKET"
        let url: StoreURL
        if text.contains("://") {
            url = try StoreURL(parsing: text)
        } else {
            let isPath = text.hasPrefix("/") || text.hasPrefix(".") || text.hasPrefix("~")
            guard !isPath, !isDirectory(StoreURL.absolutePath(text)) else {
                throw Failure.usage(
                    "\(quoted(text)) is a directory of this computer, which the machine cannot read",
                    hint: "upload it to a bucket, and give that: \(example)")
            }
            url = try StoreURL(parsing: "\(scheme)://\(text)")
        }
        guard url.scheme == scheme else {
            throw Failure.usage(
                "\(url) is no bucket of this cloud, so the machine's identity cannot read it",
                hint: "give \(example)")
        }
        return url
    }
}
