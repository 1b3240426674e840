/// The end of a log as a terminal would show it: for a failure's detail.
package enum LogTail {
    /// The last `count` lines of a file; nil for none.
    package static func lastLines(_ count: Int, of path: String, from start: Int64 = 0) -> String? {
        let lines = lines(of: path, from: start).suffix(count)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// The lines in the last 64 KiB of a file, without empty ones and each up to 500 characters.
    ///
    /// - Parameter start: the offset in bytes before which nothing is read, since it is of an
    ///   earlier program that wrote to the same log.
    package static func lines(of path: String, from start: Int64 = 0) -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        // A log that became shorter was written anew.
        let first = start <= size ? off_t(start) : 0
        let begin = max(first, size - off_t(buffer.count))
        let read = pread(descriptor, &buffer, buffer.count, begin)
        guard read > 0 else { return [] }
        // A cut in the middle of a character leaves its continuation bytes in front (RFC 3629).
        let whole = buffer[..<read].drop { begin > first && $0 & 0xC0 == 0x80 }
        return whole.split(separator: 0x0A)
            .map { shortened(shown(String(decoding: $0, as: UTF8.self))) }
            .filter { line in line.contains { !$0.isWhitespace } }
    }

    /// In characters. A status holds the last lines, and goes up with every heartbeat.
    private static let longestLine = 500

    private static func shortened(_ line: String) -> String {
        line.utf8.count <= longestLine || line.count <= longestLine
            ? line : line.prefix(longestLine) + " …"
    }

    /// What of a line is left on a terminal: progress bars return to the start of their line and
    /// write over it, and colours are escape sequences (ECMA-48).
    package static func shown(_ line: String) -> String {
        var scalars = Array(line.unicodeScalars)
        while scalars.last == "\r" { scalars.removeLast() }
        if let last = scalars.lastIndex(of: "\r") { scalars.removeFirst(last + 1) }
        var kept = String.UnicodeScalarView()
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case "\u{1B}": index = endOfEscape(in: scalars, from: index)
            case "\u{8}":
                if !kept.isEmpty { kept.removeLast() }
                index += 1
            default:
                kept.append(scalars[index])
                index += 1
            }
        }
        return harmless(String(kept))
    }

    /// The index after an escape sequence; one that the line cuts off ends with it.
    private static func endOfEscape(in scalars: [Unicode.Scalar], from start: Int) -> Int {
        var index = start + 1
        guard index < scalars.count else { return index }
        switch scalars[index] {
        case "[":
            // Parameters, then one final byte.
            index += 1
            while index < scalars.count, !("@"..."~").contains(scalars[index]) { index += 1 }
            return index + 1
        case "]", "P", "_", "^":
            // A text, such as a window's title, that ends with BEL or ESC \.
            while index < scalars.count, scalars[index] != "\u{7}", scalars[index] != "\u{1B}" {
                index += 1
            }
            return index < scalars.count && scalars[index] == "\u{1B}" ? index + 2 : index + 1
        default:
            return index + 1
        }
    }
}
