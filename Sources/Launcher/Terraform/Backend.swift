import Shared

/// `backend.tf.json`: makes Terraform keep its state in the team's bucket.
///
/// Its settings are also in `.terraform/`, so no secret may be among them.
enum Backend {
    static let file = "backend.tf.json"

    static func isThere(in directory: String) -> Bool { exists(directory + "/" + file) }

    /// - Parameter settings: of Terraform's backend `kind`, from the cloud (`RentedCloud.backend`).
    static func write(
        _ kind: String, _ settings: [String: JSONValue], to directory: String
    ) throws {
        let text: JSONValue = .object([
            "terraform": .object(["backend": .object([kind: .object(settings)])])
        ])
        // Not our own encoder: it would turn the names of settings round.
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(text), to: directory + "/" + file, mode: 0o600)
    }
}

/// Where a backend's state lies, and what opens it.
struct BackendPlace: Sendable {
    /// The run's place in the bucket.
    var url: StoreURL
    var credentialsPath: String?
    /// Of the bucket, which may lie elsewhere than the run; nil where the cloud does not ask for it.
    var region: String?
    /// Whether Terraform can lock a state in S3 by a file beside it: since 1.10.
    var locksByFile: Bool
}
