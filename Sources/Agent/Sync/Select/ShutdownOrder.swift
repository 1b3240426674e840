import Shared

/// In which order the output of a machine that is taken away goes up: pure.
///
/// First the newest checkpoint, since the next machine goes on from it; then what is small, such as
/// logs and the files that name a checkpoint; then the rest, the newest first. Each group is one
/// transfer, and the manifest is written after each, so that what is up counts however it ends.
enum ShutdownOrder {
    /// In bytes; up to this all files together cost little more than the start of the tool.
    static let small: Int64 = 1 << 20
    /// A transfer starts a process: what is older than these goes together.
    private static let mostGroups = 5

    /// What is whole or absent as one: a checkpoint's directory, or a file.
    private struct Unit {
        var uploads: [PendingUpload] = []
        var size: Int64 = 0
        var newest: Int64 = .min

        mutating func add(_ upload: PendingUpload) {
            uploads.append(upload)
            size = size.addingReportingOverflow(upload.stamp.size).partialValue
            newest = max(newest, upload.stamp.mtime)
        }
    }

    /// What the training wrote into its code directory comes after output and logs, in a transfer
    /// of its own: it may be large, and what is where it belongs does not wait for it.
    static func trees(_ uploads: [PendingUpload]) -> [[PendingUpload]] {
        let stray = uploads.filter(\.isStray)
        return stray.isEmpty ? [uploads] : [uploads.filter { !$0.isStray }, stray]
    }

    /// - Returns: all of `uploads`, in groups of which none is empty.
    static func groups(_ uploads: [PendingUpload]) -> [[PendingUpload]] {
        trees(uploads).flatMap(groupsOfTree)
    }

    private static func groupsOfTree(_ uploads: [PendingUpload]) -> [[PendingUpload]] {
        var units: [PathKey: Unit] = [:]
        for upload in uploads {
            let unit = CheckpointName(directoryOf: upload.path)?.unit ?? upload.path
            units[PathKey(unit), default: Unit()].add(upload)
        }
        let small = units.values.filter { $0.size <= Self.small }.flatMap(\.uploads)
        let large = units.values.filter { $0.size > Self.small }.sorted { $0.newest > $1.newest }
        let isOutput = { (unit: Unit) in
            !GrowingFile.isOne(unit.uploads[0].path)
        }
        let first = large.firstIndex(where: isOutput)
        let rest = large.indices.filter { $0 != first }.map { large[$0].uploads }
        let single = rest.prefix(mostGroups - 2)
        let groups =
            [first.map { large[$0].uploads } ?? [], small] + single
            + [rest.dropFirst(single.count).flatMap { $0 }]
        return groups.filter { !$0.isEmpty }
    }
}
