import Shared

/// What of the output is not in the bucket under its name, as the agent says: whoever is about to
/// trust the bucket, or to remove the machine, has to read it.
struct SyncGaps: Sendable, Equatable {
    /// Uploaded as `NAME.partial`, since they were not whole for certain.
    var partial: [String] = []
    /// The first paths that cannot be uploaded at all, with the reason.
    var skipped: [String] = []
    /// How many of those hold anything.
    var skippedCount: Int?
    /// Written to all the time, with the age of what is up of them.
    var waiting: [String] = []
    /// The first paths that the final sync did not bring up.
    var missing: [String] = []
    /// The first objects in the bucket that the run did not put there.
    var foreign: [String] = []
    /// What the training wrote into its code directory.
    var stray: RunStatus.StrayFiles?
    var isOutputEmpty = false

    init(_ sync: RunStatus.SyncRecord?) {
        guard let sync else { return }
        partial = sync.partialFiles.sorted()
        skipped = sync.skippedFiles
        missing = sync.missingFiles
        foreign = sync.foreignFiles ?? []
        (skippedCount, waiting) = (sync.skippedCount, sync.waitingFiles ?? [])
        stray = sync.stray
        isOutputEmpty = sync.isOutputEmpty == true
    }

    /// Those that are lost with the machine.
    ///
    /// Links to a directory of the tree and dangling links have no content of their own, nor has a
    /// socket or a pipe; the reasons are the agent's (`Scanner`).
    var lost: [String] {
        let beyond = (stray?.left ?? []).map { "\($0.text) is beyond --stray" }
        let more = (stray?.leftFiles ?? 0) - beyond.count
        let held = skipped.filter { !RunStatus.SyncRecord.holdsNothing($0) }
        let unnamed = (skippedCount ?? 0) - held.count
        return missing.map(quoted) + held
            + (unnamed > 0 ? ["\(counted(unnamed, "file")) more that cannot be uploaded"] : [])
            + beyond + (more > 0 ? ["\(counted(more, "file")) more beyond --stray"] : [])
    }

    /// A line for each kind, with its number and the first names.
    var lines: [String] {
        var lines: [String] = []
        func say(_ name: String, _ text: String) {
            lines.append("  \(name)" + String(repeating: " ", count: 14 - name.count) + text)
        }
        func add(_ name: String, _ paths: [String], _ text: String) {
            guard !paths.isEmpty else { return }
            say(name, "\(counted(paths.count, "file")) \(text): \(Self.names(paths))")
        }
        if isOutputEmpty { say("output", "is empty: the training wrote nothing into it") }
        if let stray {
            let place = stray.isKept ? "kept below stray/" : "they stay in the code directory"
            say(
                "stray",
                "\(Self.amount(stray.files, stray.bytes)) written beside the output directory, "
                    + "\(place): \(Self.names(stray.largest.map(\.text), of: stray.files))")
            if stray.leftFiles > 0 {
                say(
                    "left out",
                    "\(Self.amount(stray.leftFiles, stray.leftBytes)) of these are beyond --stray: "
                        + Self.names(stray.left.map(\.text), of: stray.leftFiles))
            }
        }
        add("missing", missing, "did not reach the bucket")
        add("left out", skipped, "cannot be uploaded")
        add("waiting", waiting, "written to all the time")
        add("not its own", foreign, "in the bucket did not come from this run")
        add("half-written", partial, "may be incomplete (ai_training_utils.atomic_path avoids it)")
        return lines
    }

    /// What a line of a list says more; nil for nothing.
    var short: String? {
        var words: [String] = []
        if isOutputEmpty { words.append("output is empty") }
        if let stray {
            words.append("\(Self.amount(stray.files, stray.bytes)) beside output")
            if stray.leftFiles > 0 { words.append("\(counted(stray.leftFiles, "file")) left out") }
        }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    private static func amount(_ files: Int, _ bytes: Int64) -> String {
        "\(counted(files, "file")) (\(readable(bytes: bytes)))"
    }

    /// The first few of these; all that the agent names are in `--json`.
    ///
    /// - Parameter count: of all, where not all are in the list.
    static func names(_ all: [String], of count: Int? = nil) -> String {
        let count = max(count ?? 0, all.count)
        let more = count > 3 ? ", and \(count - 3) more" : ""
        return all.prefix(3).map(oneLine).joined(separator: ", ") + more
    }
}
