import Shared
import TestSupport
import Testing

/// `docs/security.md` says who can do what, and which test proves it: each of those is there.
@Suite struct SecurityPageTests {
    private static let root = BuiltProducts.repository

    private static func text(_ path: String) throws -> String {
        String(decoding: try readFile(root + "/" + path), as: UTF8.self)
    }

    /// The words in backticks.
    private static func marked(_ text: some StringProtocol) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    /// The suites of all tests in Swift, by the names of their types.
    private static func suites() throws -> Set<String> {
        let files = try TreeScan(of: root + "/Tests").files.filter { $0.path.hasSuffix(".swift") }
        return try Set(
            files.flatMap { file in
                let text = String(decoding: try readFile(file.source), as: UTF8.self)
                return text.matches(of: /(?:struct|class|enum) ([A-Za-z]+Tests)\b/).map {
                    String($0.1)
                }
            })
    }

    private static func isThere(_ name: String, _ suites: Set<String>) throws -> Bool {
        guard name.hasSuffix(".py") else { return suites.contains(name) }
        let places = ["", "Tests/"].map { root + "/" + $0 + name }
        guard let place = places.first(where: exists) else { return false }
        return try readFile(place).firstRange(of: Data("def test_".utf8)) != nil
    }

    @Test func `each row of the parties names tests that there are`() throws {
        let suites = try Self.suites()
        let rows = try Self.text("docs/security.md").split(separator: "\n")
            .drop { !$0.hasPrefix("| party |") }.dropFirst(2).prefix { $0.hasPrefix("|") }
        #expect(rows.count >= 9)
        for row in rows {
            let cells = row.split(separator: "|")
            let tests = Self.marked(try #require(cells.last { $0.contains("`") }))
            #expect(cells.count == 5 || tests.isEmpty == false, "\(row)")
            #expect(!tests.isEmpty, "\(row)")
            for test in tests {
                #expect(try Self.isThere(test, suites), "\(test) of \(cells[0])")
            }
        }
    }

    @Test func `a test that any page names is there`() throws {
        let suites = try Self.suites()
        let pages = try TreeScan(of: Self.root + "/docs").files.filter { $0.path.hasSuffix(".md") }
        #expect(pages.count > 5)
        for page in pages {
            let words = Self.marked(try Self.text("docs/" + page.path))
            for word in words where word.wholeMatch(of: /[A-Z][A-Za-z]+Tests/) != nil {
                #expect(suites.contains(word), "\(word) in docs/\(page.path)")
            }
        }
    }
}
