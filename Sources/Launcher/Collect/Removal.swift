import Shared

/// `run/removed.json` in a folder that `finish` made: its cloud had nothing of the run any more.
struct Removal: VersionedDocument, Equatable {
    static let currentVersion = 1
    static let isStrict = false
    static let path = "\(BucketLayout.run)/removed.json"

    var version = Removal.currentVersion
    /// When the cloud was asked last.
    var removedAt: Date
    var cloud: String

    /// Notes it beside what was collected; a folder that cannot be written lacks a line in its report.
    func write(into directory: String) {
        guard let data = try? JSONFormat.encode(self) else { return }
        try? AtomicFile.write(data, to: "\(directory)/\(Self.path)")
    }
}
