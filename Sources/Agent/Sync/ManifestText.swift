import Shared

/// Writes `run/manifest.json` as bytes, one file a line.
///
/// By hand, since JSONEncoder takes a second for 100,000 files and this is done in every sync; the
/// test reads it back through `JSONFormat`.
struct ManifestText {
    private var bytes: [UInt8] = []
    private var isFirst = true

    init(generation: Int, createdAt: Date, final: Bool, files: Int) {
        bytes.reserveCapacity(256 + files * 128)
        let time = createdAt.formatted(.iso8601)
        add(#"{"version":\#(Manifest.currentVersion),"generation":\#(generation),"#)
        add(#""created_at":"\#(time)","final":\#(final),"files":["#)
    }

    mutating func add(_ path: String, size: Int64, mtime: Int64, crc32c: UInt32) {
        add(isFirst ? "\n" : ",\n")
        isFirst = false
        add(#"{"path":""#)
        for byte in path.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
        add(#"","size":\#(size),"mtime":\#(mtime),"crc32c":\#(crc32c)}"#)
    }

    mutating func finish() -> Data {
        add("\n]}\n")
        return Data(bytes)
    }

    private mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
