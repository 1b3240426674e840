import Shared

/// What is certain of a run's end: its output, its machine, what its cloud still has.
struct ProofBlock {
    let run: CollectedRun

    var html: String {
        output + lines.map { "<p class=\"good\">\(HTML.text($0))</p>\n" }.joined()
    }

    private var output: String {
        guard let manifest = run.manifest else {
            return "<p class=\"bad\">no manifest: nothing of the output is proven</p>\n"
        }
        let size =
            "\(counted(manifest.files.count, "file")), "
            + readable(bytes: manifest.totalBytes)
        let isProven = manifest.final && run.status?.sync.verified == true
        return isProven
            ? "<p class=\"good\">\(size), compared with the bucket by size and CRC32C after the "
                + "last sync</p>\n"
            : "<p class=\"warn\">\(size) are in the bucket; the last sync was not verified</p>\n"
    }

    /// When the machine went off, and when nothing was left.
    var lines: [String] {
        [machine, removal].compactMap { $0 }
    }

    /// The agent tells that it turns the machine off; of what came after it no word can come.
    private var machine: String? {
        let phases = run.status?.phases ?? []
        guard let off = phases.last(where: { $0.phase == .powerOff }), off.state != .failed else {
            return nil
        }
        let synced = phases.last { $0.phase == .finalSync }?.endedAt
        let after = synced.map {
            ", \(TimeSpan(seconds: max(0, off.startedAt.timeIntervalSince($0)))) after the last byte "
                + "was up"
        }
        return "machine turned off at \(off.startedAt.formatted(.iso8601))\(after ?? "")"
    }

    private var removal: String? {
        run.removal.map {
            "nothing of the run was left on \(oneLine($0.cloud)) at "
                + $0.removedAt.formatted(.iso8601)
        }
    }
}
