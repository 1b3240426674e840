/// The end of a log, for a failure's detail.
package enum LogTail {
    /// The last `count` lines of a file; reads no more than its last 64 KiB. Nil for none.
    package static func lastLines(_ count: Int, of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let start = max(0, size - off_t(buffer.count))
        let read = pread(descriptor, &buffer, buffer.count, start)
        guard read > 0 else { return nil }
        let lines = String(decoding: buffer[..<read], as: UTF8.self)
            .split(whereSeparator: \.isNewline).suffix(count)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}
