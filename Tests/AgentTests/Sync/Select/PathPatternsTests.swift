import Testing

@testable import Agent

@Suite struct PathPatternsTests {
    @Test(arguments: [
        ("*.tmp", "output/a.tmp", true), ("*.tmp", "output/deep/er/a.tmp", true),
        ("*.tmp", "output/a.tmpx", false), ("*.tmp", "output/a.tmp/inside", true),
        ("__pycache__", "output/m/__pycache__/x.pyc", true), ("a*b", "output/a/b", false),
        ("output/cache/**", "output/cache/x/y", true), ("output/cache/**", "output/cache", false),
        ("output/cache", "output/cache/x", true), ("output/cache/", "output/cache/x", true),
        ("output/*/x", "output/a/x", true), ("output/*/x", "output/a/b/x", false),
        ("output/**/x", "output/a/b/x", true), ("**/x/y", "output/a/x/y", true),
        ("output/*", "output/a", true), ("output/*", "logs/a", false), ("", "output/a", false),
        ("[a]", "output/a", false), ("?", "output/a", false), ("*", "output/a", true),
        ("output/a*/b*c", "output/axx/bxxc", true), ("output/a**c", "output/a/b/c", true),
    ])
    func `a star stays within a name and two go across`(
        pattern: String, path: String, isExcluded: Bool
    ) {
        #expect(PathPatterns([pattern]).excludes(path) == isExcluded)
    }

    @Test func `a pattern of many stars is compared in no time`() {
        let pattern = String(repeating: "*a", count: 200) + "b"
        let path = "output/" + String(repeating: "a", count: 900)
        let time = ContinuousClock().measure {
            #expect(!PathPatterns([pattern]).excludes(path))
        }
        #expect(time < .seconds(5))
    }
}
