/// Reads what `gsutil ls -L` prints: a block for each object, and a count at the end.
enum GoogleListing {
    /// - Throws: `Failure` where the blocks do not add up to the count: a name with a line break
    ///   in it would make an object out of nothing.
    static func objects(in text: String, under prefix: StoreURL) throws -> [StoredObject] {
        let start = prefix.description + "/"
        var objects: [StoredObject] = []
        var total: Substring?
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.utf8.starts(with: start.utf8), line.hasSuffix(":") {
                let path = String(line.dropLast().utf8.dropFirst(start.utf8.count)) ?? ""
                objects.append(StoredObject(path: path, size: -1))
            } else if line.hasPrefix("TOTAL: ") {
                total = line.split(separator: " ").dropFirst().first
            } else if line.hasPrefix("    "), !line.hasPrefix("     "), !objects.isEmpty {
                read(line, into: &objects[objects.count - 1])
            }
        }
        guard total.flatMap({ Int($0) }) == objects.count, objects.allSatisfy({ $0.size >= 0 })
        else {
            throw Failure(
                "the listing of \(prefix) does not read",
                hint: "an object with a line break in its name? delete it, or use "
                    + "--transfer_tool rclone")
        }
        return objects
    }

    private static func read(_ line: Substring, into object: inout StoredObject) {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return }
        let value = String(parts[1].drop { $0 == " " })
        switch parts[0].dropFirst(4) {
        case "Content-Length": object.size = Int64(value) ?? -1
        case "Hash (crc32c)": object.crc32c = CRC32C.decode(base64: value)
        case "Hash (md5)": object.md5 = MD5.Digest(base64: value)
        case "Content-Encoding": object.isEncoded = isPacked(value)
        case "Generation": object.version = value
        default: break
        }
    }

    /// Whether gsutil and gcloud unpack an object of that encoding (RFC 9110, 8.4.1).
    static func isPacked(_ encoding: String) -> Bool { encoding.lowercased().contains("gzip") }
}
