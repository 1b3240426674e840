import Shared

/// Saves what a machine still holds and the bucket does not, where the last sync was not verified.
///
/// It goes into a folder of its own, `unsynced/`: the newest of it may be half-written, and a good
/// file from the bucket is never replaced by a torn one.
struct UnsyncedFiles: Sendable {
    let manifest: Manifest?
    let directory: String
    /// The files of the code directory that are the code itself; nil if no training began, or it is not known.
    let code: CodeBaseline?

    static let folder = "unsynced"

    /// Copies it, on a thread of its own until the task is cancelled: it may be gigabytes.
    ///
    /// - Parameter remains: directories by their names in the bucket.
    /// - Returns: the paths that were saved, sorted; and a line for each that cannot be saved and is
    ///   lost with the machine.
    /// - Throws: `Failure` if one could not be copied; `CancellationError`.
    func save(
        _ remains: [String: String]
    ) async throws -> (saved: [String], left: [String]) {
        try await offTaskThreads(untilCancelled: { isCancelled in
            try save(remains, isCancelled: isCancelled)
        })
    }

    private func save(
        _ remains: [String: String], isCancelled: Latch
    ) throws -> (saved: [String], left: [String]) {
        let known = Dictionary(
            (manifest?.files ?? []).map { (PathKey($0.path), $0) }, uniquingKeysWith: { $1 })
        var saved: [String] = []
        var left: [String] = []
        for (name, place) in remains.sorted(by: { $0.key < $1.key }) where isDirectory(place) {
            // Of a code directory without that, nothing is known to be the training's.
            if name == BucketLayout.stray, code == nil { continue }
            let scan = try TreeScan(of: place)
            left += scan.skipped + scan.halfWritten.map { "left out \(quoted($0)): half-written" }
            let copied = try ParallelMap.run(scan.files) { file -> String? in
                if isCancelled.isSet { throw CancellationError() }
                let path = name + "/" + file.path
                if name == BucketLayout.stray, isCode(file) { return nil }
                if let entry = known[PathKey(path)], isSame(file, entry) { return nil }
                let target = "\(directory)/\(Self.folder)/\(path)"
                try makeDirectories(parentDirectory(target))
                try WholeCopy.copy(file.source, to: target)
                return path
            }
            saved += copied.compactMap { $0 }
        }
        return (saved.sorted(), left)
    }

    private func isCode(_ file: TreeScan.File) -> Bool {
        var information = stat()
        let parts = file.path.split(separator: "/").map(String.init)
        return !CodeByproducts.names.isDisjoint(with: parts)
            || (stat(file.source, &information) == 0
                && code?.contains(file.path, CodeBaseline.Version(information)) == true)
    }

    private func isSame(_ file: TreeScan.File, _ entry: Manifest.Entry) -> Bool {
        guard file.size == entry.size else { return false }
        return (try? CRC32C.ofFile(file.source)) == entry.crc32c
    }
}
