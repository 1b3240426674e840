import Shared

/// What `finish` brought home.
struct FinishResult: Encodable, Sendable {
    var run: RunName
    var directory: String
    var files: Int
    var bytes: Int64
    /// Every byte in `output`, `logs` and `stray` is as the run's final, verified manifest says.
    var verified: Bool
    /// Files that differ or are missing, taken as they are by `--force`.
    var differences: [String] = []
    /// Files of the bucket that the final manifest does not name, in the folder `unlisted`.
    var unlisted: [String] = []
    /// Files that never reached the bucket, in the folder `unsynced`.
    var unsynced: [String] = []
    /// Files that came as `NAME.partial`: they were not whole for certain.
    var partialFiles: [String] = []
    /// The first files that could not be uploaded at all, with the reason.
    var skippedFiles: [String] = []
    /// How many of those hold anything; nil for none.
    var skippedCount: Int?
    /// The first files that the final sync did not bring up.
    var missingFiles: [String] = []
    /// What the training wrote into its code directory.
    var stray: RunStatus.StrayFiles?
    /// The training is over and wrote nothing into its output directory.
    var isOutputEmpty = false
    var outcome: Outcome?
    /// The page of the run, where it could be written.
    var report: String?
    /// Where the machine's time went, in one line.
    var receipt: String?

    var gaps: SyncGaps {
        get {
            var gaps = SyncGaps(nil)
            (gaps.partial, gaps.skipped, gaps.missing) = (partialFiles, skippedFiles, missingFiles)
            (gaps.stray, gaps.isOutputEmpty) = (stray, isOutputEmpty)
            gaps.skippedCount = skippedCount
            return gaps
        }
        set {
            (partialFiles, skippedFiles, missingFiles) =
                (newValue.partial, newValue.skipped, newValue.missing)
            (stray, isOutputEmpty) = (newValue.stray, newValue.isOutputEmpty)
            skippedCount = newValue.skippedCount
        }
    }

    var text: String {
        var lines = ["\(oneLine(directory))"]
        func add(_ name: String, _ text: String) {
            lines.append("  " + name + String(repeating: " ", count: 14 - name.count) + text)
        }
        let size = "\(counted(files, "file")), \(readable(bytes: bytes))"
        add("output, logs", "\(size), " + (verified ? "every byte checked" : "NOT final"))
        if !unlisted.isEmpty {
            add(
                UnlistedFiles.folder,
                "\(counted(unlisted.count, "file")) that the manifest does not name, unchecked: "
                    + SyncGaps.names(unlisted))
        }
        if !unsynced.isEmpty {
            add(
                UnsyncedFiles.folder,
                "\(counted(unsynced.count, "file")) that never reached the bucket; the newest may "
                    + "be half-written")
        }
        lines += gaps.lines
        for difference in differences.prefix(10) {
            lines.append("  differs: \(oneLine(difference))")
        }
        if differences.count > 10 { lines.append("  and \(differences.count - 10) more differ") }
        if let receipt { add("receipt", receipt) }
        if let report { add("report", oneLine(fileName(of: report))) }
        lines.append("the run is removed from \(run.cloud)")
        return lines.joined(separator: "\n") + "\n"
    }
}
