import Shared

/// What a dataset consists of, without reading its content.
enum DatasetSummary {
    /// Files, bytes and a digest over the sorted lines `path size`; nil where it cannot be read.
    static func count(_ directory: String, source: String) -> Capsule.Dataset? {
        guard let paths = try? FileManager.default.subpathsOfDirectory(atPath: directory) else {
            return nil
        }
        var digest = SHA256()
        var files = 0
        var bytes: Int64 = 0
        for path in paths.sorted() {
            var information = stat()
            guard stat(directory + "/" + path, &information) == 0,
                information.st_mode & S_IFMT == S_IFREG
            else { continue }
            files += 1
            bytes = [bytes, Int64(information.st_size)].byteSum
            digest.update(Array("\(path) \(information.st_size)\n".utf8))
        }
        return Capsule.Dataset(
            source: source, files: files, bytes: bytes,
            digest: SHA256.hex(digest: digest.finish()))
    }
}
