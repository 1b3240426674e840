import Shared

/// What a run was made of, as names and values: for the report, and to compare runs by.
enum CapsuleRows {
    static func rows(_ capsule: Capsule) -> [(name: String, value: String?)] {
        let dataset = capsule.dataset
        return [
            ("git commit", capsule.gitCommit), ("code, SHA-256", capsule.codeSha256),
            ("module", capsule.module), ("command", capsule.command),
            ("arguments", capsule.arguments.joined(separator: " ")),
            ("dataset", dataset?.source),
            (
                "dataset, size",
                dataset.map { "\(counted($0.files, "file")), \(readable(bytes: $0.bytes))" }
            ),
            ("dataset, digest", dataset?.digest), ("Python", capsule.python),
            ("GPUs", capsule.gpus.joined(separator: ", ")), ("driver", capsule.driver),
            ("operating system", capsule.operatingSystem),
            ("goes on from", capsule.parent?.description),
            ("price of an hour", capsule.hourlyPrice.map(price)),
        ].map { ($0.0, $0.1.map(oneLine)) }
    }
}
