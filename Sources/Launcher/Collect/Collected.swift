import Shared

/// What `finish` brought home.
struct Collected: Encodable, Sendable {
    var run: RunName
    var directory: String
    var files: Int
    var bytes: Int64
    /// Every byte is as the run's last, verified manifest says.
    var verified: Bool
    /// Files that differ or are missing, taken as they are by `--force`.
    var differences: [String] = []
    /// Files that never reached the bucket, in the folder `unsynced`.
    var unsynced: [String] = []
    var outcome: Outcome?

    var text: String {
        var lines: [String] = []
        if let outcome { lines.append("\(run): \(StatusText.outcome(outcome))") }
        lines.append("\(directory)")
        let size = "\(counted(files, "file")), \(readable(bytes: bytes))"
        lines.append(
            "  output, logs, run   \(size), " + (verified ? "every byte checked" : "NOT final"))
        if !unsynced.isEmpty {
            lines.append(
                "  unsynced            \(counted(unsynced.count, "file")) that never reached the "
                    + "bucket; the newest may be half-written")
        }
        for difference in differences.prefix(10) {
            lines.append("  differs: \(harmless(difference))")
        }
        lines.append("the run is removed from \(run.cloud)")
        return lines.joined(separator: "\n") + "\n"
    }
}
