/// `run/manifest.json`: all that is up. Written after the files it names, as the last of a sync.
///
/// A reader may trust it at any moment: a sync that was interrupted leaves the former manifest and
/// every object it names as they were.
package struct Manifest: VersionedDocument, Equatable {
    package static let currentVersion = 1
    package static let maximumBytes = JSONFormat.maximumManifestBytes
    package static let isStrict = false

    package struct Entry: Codable, Sendable, Hashable {
        /// Below the run's prefix: `output/…` or `logs/…`.
        package var path: String
        package var size: Int64
        /// Nanoseconds since 1970.
        package var mtime: Int64
        /// CRC32C (Castagnoli), the hash that Google's store lists too.
        package var crc32c: UInt32

        package init(path: String, size: Int64, mtime: Int64, crc32c: UInt32) {
            self.path = path
            self.size = size
            self.mtime = mtime
            self.crc32c = crc32c
        }
    }

    package var version = Manifest.currentVersion
    /// Grows by one with each sync, across attempts.
    package var generation: Int
    package var createdAt: Date
    /// The last sync is done and was compared with the bucket.
    package var final: Bool
    /// Sorted by path.
    package var files: [Entry]

    package init(generation: Int, createdAt: Date, final: Bool, files: [Entry]) {
        self.generation = generation
        self.createdAt = createdAt
        self.final = final
        self.files = files
    }

    package var totalBytes: Int64 { files.map(\.size).byteSum }

    /// Everybody adds sizes up and counts generations on: neither may end beyond its type.
    package var objection: String? {
        guard (0...1_000_000_000).contains(generation) else {
            return "field 'generation' is \(generation), which no run reaches"
        }
        var total: Int64 = 0
        for (index, entry) in files.enumerated() {
            let (sum, isTooMuch) = total.addingReportingOverflow(entry.size)
            guard entry.size >= 0, !isTooMuch else {
                return "field 'files[\(index)].size' is \(entry.size), which no file has"
            }
            total = sum
        }
        return nil
    }
}
