import Shared

/// `--dataset_bucket` on a rented cloud: a bucket's bare name, or its URL with a prefix.
enum RentedBucket {
    /// - Throws: `Failure` with exit code 2 where it is a directory, or a bucket of another cloud.
    static func parse(_ text: String, scheme: String, example: String) throws -> StoreURL {
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

/// A Google key file.
enum ServiceKey {
    /// - Throws: `Failure` saying what the file is not; nothing of it is shown.
    static func check(_ path: String) throws {
        struct Key: Decodable {
            var type: String?
            var client_email: String?
        }
        let data = try readFile(path)
        guard let key = try? JSONDecoder().decode(Key.self, from: data) else {
            throw Failure(
                "--credentials_path \(quoted(path)) is not a JSON key",
                hint: "make one: gcloud iam service-accounts keys create FILE --iam-account=ACCOUNT"
            )
        }
        guard key.type != "service_account" || key.client_email != nil else {
            throw Failure("--credentials_path \(quoted(path)) names no account")
        }
    }
}
