import Shared

/// Writes `run/manifest.json` as bytes, one file a line.
///
/// By hand, since JSONEncoder takes a second for 100,000 files and this is done in every sync; the
/// test reads it back through `JSONFormat`.
struct ManifestText {
    private var bytes: [UInt8] = []
    private var isFirst = true
    /// The list of what is below `stray/` has begun; see `Manifest.files`.
    private var isStray = false
    private static let strayPrefix = "\(BucketLayout.stray)/"

    init(generation: Int, createdAt: Date, final: Bool, files: Int) {
        bytes.reserveCapacity(256 + files * 128)
        let time = createdAt.formatted(.iso8601)
        add(#"{"version":\#(Manifest.currentVersion),"generation":\#(generation),"#)
        add(#""created_at":"\#(time)","final":\#(final),"files":["#)
    }

    /// Adds a file; in the order of their paths, in which those below `stray/` are the last.
    mutating func add(
        _ path: String, size: Int64, mtime: Int64, crc32c: UInt32, isGone: Bool = false
    ) {
        if !isStray, path.utf8.starts(with: Self.strayPrefix.utf8) {
            isStray = true
            isFirst = true
            add("\n],\"\(BucketLayout.stray)\":[")
        }
        add(isFirst ? "\n" : ",\n")
        isFirst = false
        add(#"{"path":"#)
        addQuoted(path)
        add(
            #","size":\#(size),"mtime":\#(mtime),"crc32c":\#(crc32c)\#(isGone ? #","gone":true"# : "")}"#
        )
    }

    private mutating func addQuoted(_ path: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in path.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// - Parameters: hold no control characters.
    mutating func finish(
        emptyDirectories: [String] = [], links: [Manifest.Link] = []
    ) -> Data {
        add("\n]")
        for (number, directory) in emptyDirectories.enumerated() {
            add(number == 0 ? ",\"empty_directories\":[\n" : ",\n")
            addQuoted(directory)
        }
        if !emptyDirectories.isEmpty { add("\n]") }
        for (number, link) in links.enumerated() {
            add(number == 0 ? ",\"links\":[\n" : ",\n")
            add(#"{"path":"#)
            addQuoted(link.path)
            add(#","target":"#)
            addQuoted(link.target)
            add("}")
        }
        add(links.isEmpty ? "}\n" : "\n]}\n")
        return Data(bytes)
    }

    private mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
