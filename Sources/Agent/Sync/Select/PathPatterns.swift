import Shared

/// What `--exclude` keeps on the machine: `*` stands for anything within a name, `**` across names.
///
/// A pattern without a slash is compared with every name of a path (`*.tmp`, `__pycache__`), one
/// with a slash with the path from its beginning (`output/cache/**`, `logs/debug`). What matches a
/// directory keeps all below it.
struct PathPatterns: Sendable {
    private let names: [[UInt8]]
    private let paths: [[UInt8]]

    init(_ patterns: [String]) {
        let trimmed = patterns.map { pattern in
            var bytes = Array(pattern.utf8)
            while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
            return bytes
        }.filter { !$0.isEmpty }
        names = trimmed.filter { !$0.contains(UInt8(ascii: "/")) }
        paths = trimmed.filter { $0.contains(UInt8(ascii: "/")) }
    }

    var isEmpty: Bool { names.isEmpty && paths.isEmpty }

    /// Whether the file or directory at `path`, whose parents are not excluded, is.
    func matches(_ path: some Collection<UInt8>) -> Bool {
        let bytes = Array(path)
        let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { Array(bytes[($0 + 1)...]) } ?? bytes
        return names.contains { Self.matches(name[...], $0[...]) }
            || paths.contains { Self.matches(bytes[...], $0[...]) }
    }

    /// Whether `path` itself or a directory above it is excluded.
    func excludes(_ path: String) -> Bool {
        guard !isEmpty else { return false }
        let bytes = Array(path.utf8)
        return bytes.indices.contains { index in
            bytes[index] == UInt8(ascii: "/") && matches(bytes[..<index])
        } || matches(bytes)
    }

    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        // The usual two-pointer match, falling back to the last star that can take one byte more:
        // its cost is bounded by the product of both lengths, whatever the pattern.
        let star = UInt8(ascii: "*")
        var (here, at) = (text.startIndex, pattern.startIndex)
        var single: (text: Int, pattern: Int)?
        var double: (text: Int, pattern: Int)?
        while true {
            if at < pattern.endIndex, pattern[at] == star {
                var next = at + 1
                while next < pattern.endIndex, pattern[next] == star { next += 1 }
                if next - at > 1 {
                    (double, single) = ((here, next), nil)
                } else {
                    single = (here, next)
                }
                at = next
                continue
            }
            if here < text.endIndex, at < pattern.endIndex, pattern[at] == text[here] {
                (here, at) = (here + 1, at + 1)
                continue
            }
            if here == text.endIndex, at == pattern.endIndex { return true }
            if let back = single, back.text < text.endIndex, text[back.text] != UInt8(ascii: "/") {
                single = (back.text + 1, back.pattern)
                (here, at) = (back.text + 1, back.pattern)
            } else if let back = double, back.text < text.endIndex {
                (double, single) = ((back.text + 1, back.pattern), nil)
                (here, at) = (back.text + 1, back.pattern)
            } else {
                return false
            }
        }
    }
}
