import Shared

extension Plan {
    /// What a user is told before anything is made: grants that reach further than intended.
    func reportSecrets(to line: LiveLine) {
        if let dataset = datasetBucket, let grant = datasetGrant, let reason = wideGrantReason {
            line.say(
                .warning,
                "the machine may read all of \(grant.whole), not \(dataset) alone: \(reason)")
        }
        let secrets = SecretWords.found(
            arguments: training.arguments, variables: training.environment)
        guard !secrets.isEmpty else { return }
        line.say(
            .warning,
            "\(secrets.map(oneLine).joined(separator: ", ")): looks like a secret, and would stand "
                + "in plain text in the job, in the bucket and on the machine; export it here "
                + "and pass it with --env NAME")
    }

    /// What the machine's identity may read where the dataset is a part of a bucket: the bucket (on
    /// Azure the container) and the part. Nil where the dataset is all of it, or nothing is granted.
    var datasetGrant: (whole: StoreURL, prefix: String)? {
        guard machine.grantsDataset, let dataset = datasetBucket else { return nil }
        var parts = dataset.path.split(separator: "/")
        var whole = dataset
        whole.path = ""
        if dataset.scheme == "az", let container = parts.first {
            whole.path = String(container)
            parts.removeFirst()
        }
        return parts.isEmpty ? nil : (whole, parts.joined(separator: "/"))
    }

    /// The part of the bucket that the machine's identity is held to.
    var grantedPrefix: String? { wideGrantReason == nil ? datasetGrant?.prefix : nil }
}
