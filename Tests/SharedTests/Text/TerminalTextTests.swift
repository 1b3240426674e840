import Shared
import Testing

@Suite struct TerminalTextTests {
    @Test func `what steers a terminal is taken out, lines stay`() {
        #expect(harmless("a\u{1b}[2J\u{9b}b\r\n\tc\u{202e}d\u{200b}e\u{2028}f") == "a[2Jb\n\tcdef")
        #expect(harmless("mödel-é-日本-😀") == "mödel-é-日本-😀")
    }

    @Test func `one line stays one`() {
        #expect(oneLine("a\nb\r\nc\td\u{2028}e\u{2029}f\u{85}g\u{1b}h") == "a b  c d e f gh")
    }

    @Test func `a quoted name shows what it holds`() {
        #expect(quoted("a\nb\u{1b}\u{9b}\u{202e}") == #"'a\nb\u{1B}\u{009B}\u{202E}'"#)
        #expect(quoted(String(repeating: "x", count: 90)).hasSuffix("x…'"))
    }
}
