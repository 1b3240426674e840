import Shared

/// Waits for Google Cloud's `instance/preempted` to become TRUE.
///
/// The guest gets the power button at the same moment, and its power is cut 30 s later
/// (cloud.google.com/compute/docs/instances/preemptible, "preemption process").
struct GooglePreemption: MetadataWatch {
    static let path = "/computeMetadata/v1/instance/preempted"
    /// How long the server lets a question wait; a change is answered at once.
    private static let patience = 60

    let interval: Duration = .seconds(1)
    /// Names the metadata that was seen; what differs from it is answered at once, so that nothing
    /// between two questions is missed (cloud.google.com/compute/docs/metadata/querying-metadata).
    private var etag: String?

    mutating func look(_ client: MetadataClient, _ context: RunContext) async throws -> Bool {
        guard try await isPreempted(client) else { return false }
        obey(PreemptionNotice(allowed: ShutdownBudget.byPowerButton), context)
        return true
    }

    private mutating func isPreempted(_ client: MetadataClient) async throws -> Bool {
        var question = MetadataClient.Question(
            path: Self.path, headers: ["Metadata-Flavor": "Google"])
        if let etag {
            question.path += "?wait_for_change=true&timeout_sec=\(Self.patience)&last_etag=\(etag)"
            question.timeout += .seconds(Self.patience)
        }
        etag = nil
        let answer = try await client.ask(question)
        // A proxy or another server answers without the header.
        guard answer.status == 200, answer.headers["metadata-flavor"] == "Google" else {
            throw Failure("\(Self.path) was answered with status \(answer.status)")
        }
        etag = answer.headers["etag"].flatMap { Self.isPlain($0) ? $0 : nil }
        switch String(decoding: answer.body, as: UTF8.self)[...].trimmed {
        case "TRUE": return true
        case "FALSE": return false
        default: throw Failure("\(Self.path) is neither TRUE nor FALSE")
        }
    }

    /// It goes into the next question's path.
    private static func isPlain(_ tag: String) -> Bool {
        !tag.isEmpty && tag.utf8.count <= 64
            && tag.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}
