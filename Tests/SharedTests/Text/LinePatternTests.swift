import Foundation
import TestSupport
import Testing

@testable import Shared

/// Expressions of users, which may come with a run from a bucket: they match as elsewhere, and no
/// expression and line can keep a program busy.
@Suite struct LinePatternTests {
    private static let lines = [
        "", "a", "loss: 0.52 step 12", "step=7 loss=nan", "aaa bbb", "ab ab ab", "x1y22z333",
        "  indented", "trailing  ", "-1.5e-3", "[100/600] loss 0.5", "tab\there", "a|b", "(x)",
        "précision: 0.9", "LOSS: 1", "foo.bar", "{1}", "a{2}", "\\d", "]", "12:34:56", "aXbXc",
    ]

    /// What the toolchain's engine reads too; it goes back, so these are small.
    private static let expressions = [
        "loss: ([0-9.]+)", #"loss[:= ]+(?<value>[\d.]+|nan)"#, #"(?<step>\d+)"#, "a*", "a+?",
        "(a)(b)?",
        "(a|ab)(c|bcd|)", "^(.*?) ?$", #"(\d{2}):(\d{2})"#, #"\bab\b"#, "[^a-z ]+",
        #"(?i)loss: (\d)"#, "(?:x|y|z)+", "(a{1,2})b", "a{0,1}", "(a+)+b", ".+X(.+)", "(?:a|b)*?b",
        #"\[(\d+)/(\d+)\]"#, #"\x41|\t"#, "()a", "a||b", #"[\w.-]+"#, #"\S+\s+\S+"#,
        #"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?"#, "e$", #"^\s+(\w+)"#, "(a)|(b)", "b{2,}", "[a\\-z]",
    ]

    @Test(arguments: expressions)
    func `an expression matches as the toolchain's does`(expression: String) throws {
        let pattern = try #require(LinePattern(expression))
        let regex = try Regex(expression)
        for line in Self.lines {
            let expected = try regex.firstMatch(in: line)?.output.dropFirst().map {
                $0.substring.map(String.init)
            }
            #expect(pattern.firstMatch(in: line) == expected, "\(expression) in \(line)")
        }
    }

    @Test func `groups are known by their names`() throws {
        let pattern = try #require(LinePattern("(?P<step>[0-9]+) (x) (?<value>[0-9]+)"))
        #expect(pattern.groups == ["step", nil, "value"])
        #expect(pattern.firstMatch(in: "at 12 x 5") == ["12", "x", "5"])
        // As in Python's, the first bracket of a class is of the class.
        #expect(LinePattern("a([]x])")?.firstMatch(in: "a]") == ["]"])
    }

    @Test(arguments: [
        "(", ")", "a)", "[", "[a", "*a", "a**", "a++", "a{2}{3}", #"\1"#, #"(a)\1"#, "(?=a)",
        "(?<!a)b",
        "(?>a)", #"\p{L}"#, "[[:alpha:]]", "[z-a]", #"[\d-x]"#, "a{3,2}", "(?<>a)", "(?<n", "\\",
        #"\x4"#, "(?x)a", "a{601}", "(?:a{40}){40}", "(?:(?:(?:(?:){600}){600}){600}){600}",
        String(repeating: "(", count: 100) + String(repeating: ")", count: 100),
        String(repeating: "a", count: 501),
    ])
    func `what is no such expression is refused at once`(text: String) throws {
        #expect(LinePattern(text) == nil)
    }

    @Test(arguments: [
        "(a+)+b", "(a|aa)+b", "(a|a)*b", "(.*)*b", "(.*a){20}b", "(?:a?){50}a{50}b", "(a*)*?b",
        "(?:(?:a*)*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$",
    ])
    func `no line takes longer than its length and the program's allow`(expression: String) throws {
        let pattern = try #require(LinePattern(expression))
        let line = String(repeating: "a", count: 2000)
        var work = 0
        #expect(pattern.firstMatch(in: line, work: &work) == nil)
        #expect(work <= (line.utf8.count + 1) * LinePattern.mostSteps)
    }

    @Test func `a pattern that costs far more than others is looked for no longer`() throws {
        let greedy = try #require(MetricPattern("x=(?:(?:.*a){60}b)|loss: ([0-9.]+)"))
        var matcher = MetricPattern.Matcher(greedy)
        #expect(matcher.value(in: "loss: 0.5")?.value == 0.5)
        let line = String(repeating: "a", count: 1000)
        for _ in 0..<100 { _ = matcher.value(in: line) }
        #expect(matcher.value(in: "loss: 0.5") == nil)

        let plain = try #require(MetricPattern("x=.*loss: *([0-9.]+)"))
        var cheap = MetricPattern.Matcher(plain)
        for _ in 0..<200 { _ = cheap.value(in: line) }
        #expect(cheap.value(in: "loss: 0.5")?.value == 0.5)
    }
}
