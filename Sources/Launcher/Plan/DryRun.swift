import Shared

/// What `start --dry_run` shows: what would be made, what the machine would get, what it would do.
struct DryRun: Sendable {
    /// Terraform's plan.
    var plan: String
    /// Empty where there is no machine to send it to.
    var userData: String
    var job: Job

    func text() throws -> String {
        var parts = ["# plan\n" + plan]
        if !userData.isEmpty { parts.append("# user data\n" + userData) }
        let json = String(decoding: try JSONFormat.encode(job), as: UTF8.self)
        parts.append("# job.json\n" + json)
        return parts.map { harmless($0) + ($0.hasSuffix("\n") ? "" : "\n") }.joined(separator: "\n")
    }
}
