import Shared
import TestSupport
import Testing

/// No parser is left out of the fuzzing: what looks like one stands in `Tests/Fuzz/parsers.txt`.
@Suite struct ParserTableTests {
    private static let root = BuiltProducts.repository

    /// What a file has that reads somebody else's text or bytes by rules of its own.
    private static let signs = [
        "JSONDecoder()", "JSONFormat.decode", "firstMatch(of:", "wholeMatch(of:", "prefixMatch(of:",
        "matches(of:", "init(parsing", "init(reading", "FlatJSON", "ByteScanner(",
    ]

    private static func text(_ path: String) throws -> String {
        String(decoding: try readFile(root + "/" + path), as: UTF8.self)
    }

    /// The targets of each file; none where it says why it needs none.
    private static func table() throws -> [String: [String]] {
        var table: [String: [String]] = [:]
        for line in try text("Tests/Fuzz/parsers.txt").split(separator: "\n")
        where !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            #expect(words.count > 1 && table[words[0]] == nil, "\(line)")
            #expect(words[1] != "-" || words.count > 5, "no reason: \(line)")
            table[words[0]] = words[1] == "-" ? [] : Array(words.dropFirst())
        }
        return table
    }

    @Test func `each file that parses is read by a fuzz target, or says why not`() throws {
        let files = try TreeScan(of: Self.root + "/Sources").files
            .filter { $0.path.hasSuffix(".swift") }
        let parsing = try files.filter { file in
            let text = String(decoding: try readFile(file.source), as: UTF8.self)
            return Self.signs.contains { text.contains($0) }
        }
        let table = try Self.table()
        #expect(parsing.map(\.path).filter { table[$0] == nil } == [])
        let known = Set(files.map(\.path))
        #expect(table.keys.filter { !known.contains($0) } == [])
    }

    @Test func `each target of the table, and each folder of seeds, is one of the fuzzer's`() throws
    {
        let sources = try ["Shared", "Agent", "Launcher"].flatMap {
            try TreeScan(of: "\(Self.root)/Tests/\($0)Tests/Fuzz").files
        }
        let texts = try sources.map { String(decoding: try readFile($0.source), as: UTF8.self) }
        let seeds = Set(
            try TreeScan(of: Self.root + "/Tests/Fuzz/seeds").files.compactMap {
                $0.path.split(separator: "/").first.map(String.init)
            })
        // `listing-aws` is put together of "listing-" and the tool's name.
        func isTarget(_ name: String) -> Bool {
            let stem = String(name.prefix { $0 != "-" })
            return texts.contains { text in
                text.contains("\"\(name)\"") || text.contains("\"\(stem)-\\(")
            }
        }
        #expect(seeds.filter { !isTarget($0) } == [])
        let named = Set(try Self.table().values.flatMap { $0 })
        #expect(named.subtracting(seeds) == [])
    }
}
