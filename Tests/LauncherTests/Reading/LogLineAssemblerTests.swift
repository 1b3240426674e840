import Shared
import Testing

@testable import Launcher

@Suite struct LogLineAssemblerTests {
    private func lines(_ pieces: [[UInt8]]) -> [LogLine] {
        var assembler = LogLineAssembler()
        var offset: Int64 = 0
        var lines: [LogLine] = []
        for piece in pieces {
            lines += assembler.add(piece[...], at: offset, attempt: 1)
            offset += Int64(piece.count)
        }
        return lines + (assembler.flush().map { [$0] } ?? [])
    }

    private static let text =
        "one\r\n\rtwo\r 10%\r100% ünd\n\nthree\r\n\u{1b}[31mred\u{1b}[0m\nend\r"

    @Test func `a carriage return is an update, not a line`() {
        let lines = lines([Array(Self.text.utf8)])
        #expect(lines.map(\.shown) == ["one", "100% ünd", "", "three", "red", "end"])
        #expect(lines.map(\.offset) == [0, 5, 25, 26, 33, 46])
    }

    @Test func `pieces may end anywhere`() {
        let bytes = Array(Self.text.utf8)
        let whole = lines([bytes])
        for first in bytes.indices {
            #expect(lines([Array(bytes[..<first]), Array(bytes[first...])]) == whole, "\(first)")
        }
        #expect(lines(bytes.map { [$0] }) == whole)
    }

    @Test func `a line of 10 MB is kept in part and told whole`() {
        let long = [UInt8](repeating: 0x78, count: 10_000_000)
        let lines = lines([long, [0x0A], Array("next\n".utf8)])
        #expect(lines.map(\.kept.count) == [LogLineAssembler.mostKept, 4])
        #expect(lines[0].isCut && lines[0].length == 10_000_000)
        #expect(lines[0].shown.hasSuffix("x … (a line of 10.0 MB)"))
        #expect(lines[1].offset == 10_000_001)
    }

    @Test func `what is no UTF-8 and what steers a terminal is not shown`() {
        let bytes = [0xFF, 0xFE] + Array("\u{1b}]0;title\u{7}a\u{202e}b\u{9b}31m\n".utf8)
        #expect(lines([bytes]).map(\.shown) == ["\u{FFFD}\u{FFFD}ab31m"])
    }
}
