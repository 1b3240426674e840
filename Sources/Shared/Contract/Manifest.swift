/// `run/manifest.json`: all that is up. Written after the files it names, as the last of a sync.
///
/// A reader may trust it at any moment: a sync that was interrupted leaves the former manifest and
/// every object it names as they were.
package struct Manifest: VersionedDocument, Equatable {
    package static let currentVersion = 1
    package static let maximumBytes = JSONFormat.maximumManifestBytes
    package static let isStrict = false

    package struct Entry: Codable, Sendable, Hashable {
        /// Below the run's prefix: `output/…`, `logs/…` or `stray/…`.
        package var path: String
        package var size: Int64
        /// Nanoseconds since 1970.
        package var mtime: Int64
        /// CRC32C (Castagnoli), the hash that Google's store lists too.
        package var crc32c: UInt32
        /// The trainer removed or renamed the file on its machine: it stays in the bucket, and a restore
        /// leaves it there. nil, and absent from JSON, where it did not.
        package var gone: Bool?

        package init(path: String, size: Int64, mtime: Int64, crc32c: UInt32) {
            self.path = path
            self.size = size
            self.mtime = mtime
            self.crc32c = crc32c
        }

        package var isStray: Bool { path.utf8.starts(with: "\(BucketLayout.stray)/".utf8) }
    }

    /// A link to a directory, which is no object: the directory's files are, under their own names.
    package struct Link: Codable, Sendable, Hashable {
        /// Like that of a file.
        package var path: String
        /// The directory it leads to, links resolved, as a path of the same tree.
        package var target: String

        package init(path: String, target: String) {
            self.path = path
            self.target = target
        }
    }

    package var version = Manifest.currentVersion
    /// Grows by one with each sync, across attempts.
    package var generation: Int
    package var createdAt: Date
    /// The last sync is done and was compared with the bucket.
    package var final: Bool
    /// Sorted by path.
    ///
    /// In JSON those below `stray/` are a list of their own, `stray`, since launchers of former
    /// versions refuse a manifest that names one among `files`, and ignore the key.
    package var files: [Entry]
    /// Directories of the trees that held nothing, as paths like those of files.
    package var emptyDirectories: [String] = []
    /// Links to directories of the same tree.
    package var links: [Link] = []

    package init(generation: Int, createdAt: Date, final: Bool, files: [Entry]) {
        self.generation = generation
        self.createdAt = createdAt
        self.final = final
        self.files = files
    }

    private enum CodingKeys: String, CodingKey {
        case version, generation, createdAt, final, files, stray, emptyDirectories, links
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.decode(Int.self, forKey: .version)
        generation = try container.decode(Int.self, forKey: .generation)
        createdAt = try container.decode(Date.self, forKey: .createdAt)
        final = try container.decode(Bool.self, forKey: .final)
        files = try container.decode([Entry].self, forKey: .files)
        files += try container.decodeIfPresent([Entry].self, forKey: .stray) ?? []
        emptyDirectories =
            try container.decodeIfPresent([String].self, forKey: .emptyDirectories) ?? []
        links = try container.decodeIfPresent([Link].self, forKey: .links) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(version, forKey: .version)
        try container.encode(generation, forKey: .generation)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(final, forKey: .final)
        let stray = files.filter(\.isStray)
        try container.encode(files.filter { !$0.isStray }, forKey: .files)
        if !stray.isEmpty { try container.encode(stray, forKey: .stray) }
        if !emptyDirectories.isEmpty {
            try container.encode(emptyDirectories, forKey: .emptyDirectories)
        }
        if !links.isEmpty { try container.encode(links, forKey: .links) }
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
