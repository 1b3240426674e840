import Shared
import Testing

@Suite struct LogTailTests {
    @Test(arguments: [
        ("plain", "plain"), ("10%\r50%\r100%", "100%"), ("10%\r50%\r", "50%"), ("a\r\r", "a"),
        ("windows\r", "windows"), ("\u{1B}[31mred\u{1B}[0m text", "red text"),
        ("\u{1B}]0;title\u{7}after", "after"), ("\u{1B}]8;;x\u{1B}\\link", "link"),
        ("ab\u{8}c", "ac"), ("\u{8}\u{8}x", "x"), ("cut\u{1B}[", "cut"), ("cut\u{1B}", "cut"),
        ("bell\u{7}\u{0}\u{9B}", "bell"), ("\u{1B}[2K\rdone", "done"), ("tab\tö", "tab\tö"),
    ])
    func `a line is what a terminal shows of it`(line: String, shown: String) {
        #expect(LogTail.shown(line) == shown)
    }

    @Test func `the last lines are those of this start`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path + "/train.log"
        try AtomicFile.write(Data("old\nnew 1\n\n  \n1%\r2%\r\nnew 2".utf8), to: path)
        #expect(LogTail.lines(of: path) == ["old", "new 1", "2%", "new 2"])
        #expect(LogTail.lastLines(2, of: path, from: 4) == "2%\nnew 2")
        #expect(LogTail.lines(of: path, from: 4).first == "new 1")
        #expect(LogTail.lines(of: path, from: 1 << 40).count == 4)
        #expect(LogTail.lastLines(2, of: directory.path + "/none") == nil)
        let endless = String(repeating: "ö", count: 100_000)
        try AtomicFile.write(Data("\(endless)\nlast".utf8), to: path)
        #expect(LogTail.lines(of: path) == [String(repeating: "ö", count: 500) + " …", "last"])
    }
}
