import Shared

/// `backend.tf.json`: makes Terraform keep its state in the team's bucket.
///
/// Terraform copies the settings to `.terraform/`, so no secret may be among them.
enum Backend {
    static let file = "backend.tf.json"

    static func exists(in directory: String) -> Bool { Shared.exists(directory + "/" + file) }

    /// - Parameters: a backend and its settings, from the cloud (`StateBackendProvider.backend`).
    static func write(
        _ kind: String, _ settings: [String: JSONValue], to directory: String
    ) throws {
        let text: JSONValue = .object([
            "terraform": .object(["backend": .object([kind: .object(settings)])])
        ])
        // Not `JSONFormat`, which converts keys to snake case.
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(text), to: directory + "/" + file, mode: 0o600)
    }
}

/// Where a backend keeps the state, and what opens it.
struct BackendPlace: Sendable {
    /// The run's place in the bucket.
    var url: StoreURL
    var credentialsPath: String?
    /// The bucket's region, which may differ from the run's; nil if the backend needs none.
    var region: String?
    /// Whether Terraform can lock a state in S3 by a file beside it, which it can since 1.10.
    var locksByFile: Bool
}
