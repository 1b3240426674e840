import Shared

/// Saves what a machine still holds and the bucket does not, where the last sync was not verified.
///
/// It goes into a folder of its own, `unsynced/`: the newest of it may be half-written, and a good
/// file from the bucket is never replaced by a torn one.
struct Salvage: Sendable {
    let manifest: Manifest?
    let directory: String

    static let folder = "unsynced"

    /// - Parameters:
    ///   - remains: directories by their names in the bucket.
    ///   - report: told what cannot be saved, a line each: it is lost with the machine.
    /// - Returns: the paths that were saved, sorted.
    /// - Throws: `Failure` where one could not be copied.
    func run(_ remains: [String: String], report: (String) -> Void) throws -> [String] {
        let known = Dictionary(
            (manifest?.files ?? []).map { (PathKey($0.path), $0) }, uniquingKeysWith: { $1 })
        var saved: [String] = []
        for (name, place) in remains.sorted(by: { $0.key < $1.key }) where isDirectory(place) {
            let scan = try TreeScan(of: place)
            (scan.skipped + scan.halfWritten.map { "left out \(quoted($0)): half-written" })
                .forEach(report)
            let copied = try ParallelMap.run(scan.files) { file -> String? in
                let path = name + "/" + file.path
                if let entry = known[PathKey(path)], isSame(file, entry) { return nil }
                let target = "\(directory)/\(Self.folder)/\(path)"
                try makeDirectories(parentDirectory(target))
                try WholeCopy.copy(file.source, to: target)
                return path
            }
            saved += copied.compactMap { $0 }
        }
        return saved.sorted()
    }

    private func isSame(_ file: TreeScan.File, _ entry: Manifest.Entry) -> Bool {
        guard file.size == entry.size else { return false }
        return (try? CRC32C.ofFile(file.source)) == entry.crc32c
    }
}
