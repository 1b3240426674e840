import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite(.timeLimit(.minutes(5))) struct LogReaderTests {
    /// A reader over places that change under it, as a cut link makes them.
    private final class Changing: RunPlace {
        let places: [GrowingFile]
        nonisolated(unsafe) var current = 0
        init(_ places: [GrowingFile]) { self.places = places }

        var kind: SourceKind { places[current].kind }
        func read(_ path: String, _ range: Range<Int64>) async throws -> Data {
            try await places[current].read(path, range)
        }
        func size(of path: String) async throws -> Int64 {
            try await places[current].size(of: path)
        }
        func list(_ tree: String) async throws -> [ListedFile] {
            try await places[current].list(tree)
        }
        func pause() async throws {}
    }

    private func reader(_ source: any RunPlace, from offset: Int64 = 0) -> LogReader {
        LogReader(source: source, path: "logs/train.log", isIndexed: true, from: offset)
    }

    /// Everything that can be had now.
    private func drain(_ reader: inout LogReader) async throws -> [LogLine] {
        var lines: [LogLine] = []
        while case .lines(let new, let more) = try await reader.step() {
            lines += new
            if !more { break }
        }
        return lines
    }

    @Test func `a thousand random cuts lose no line and double none`() async throws {
        var random = Seeded(seed: 7)
        let machine = GrowingFile(.ssh)
        let bucket = GrowingFile(.bucket)
        try [machine, bucket].forEach { try $0.mark(1, 0) }
        let source = Changing([machine, bucket])
        var reader = reader(source)
        var written: [String] = []
        var length = 0
        var read: [LogLine] = []
        var expected: [Int64] = []
        for cut in 0..<1000 {
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                let line = "step \(written.count) " + String(repeating: "ü", count: cut % 40)
                expected.append(Int64(length))
                written.append(line)
                length += line.utf8.count + 1
                for place in source.places { place.append(line + "\n") }
            }
            // Each place shows an arbitrary part, in mid-line and in mid-character too.
            for place in source.places { place.show(Int.random(in: 0...length, using: &random)) }
            if Bool.random(using: &random) { source.places[source.current].fail(1) }
            do { read += try await drain(&reader) } catch is Failure {}
            source.current = 1 - source.current
        }
        source.places.forEach { $0.show(nil) }
        read += try await drain(&reader)
        #expect(read.map(\.shown) == written)
        #expect(read.map(\.offset) == expected)
        #expect(read.allSatisfy { $0.attempt == 1 })
    }

    @Test func `what a lost machine had not synced gives way to what came after it`() async throws {
        let machine = GrowingFile(.ssh)
        try machine.mark(1, 0)
        machine.append("one\ntwo\nthree\nlost with the mach")
        let bucket = GrowingFile(.bucket)
        try bucket.mark(1, 0)
        bucket.append("one\ntw")
        let source = Changing([machine, bucket])
        var reader = reader(source)
        var lines = try await drain(&reader)
        source.current = 1
        lines += try await drain(&reader)
        #expect(lines.map(\.shown) == ["one", "two", "three"])

        // The next machine has what was synced, and goes on in the middle of a line.
        try bucket.mark(2, 6)
        bucket.append("again\nfour\n")
        lines += try await drain(&reader)
        #expect(
            lines.map { "\($0.attempt ?? 0):\($0.offset) \($0.shown)" } == [
                "1:0 one", "1:4 two", "1:8 three", "1:14 lost with the mach", "2:6 again",
                "2:12 four",
            ])
    }

    @Test func `log and index of a new attempt may reach the bucket one after the other`()
        async throws
    {
        let bucket = GrowingFile()
        try bucket.mark(1, 0)
        bucket.append("one\ntwo, never synced\n")
        var reader = reader(bucket)
        _ = try await drain(&reader)
        bucket.set(Array("one\nanother attempt wrote this, which is longer\n".utf8))
        #expect(try await reader.step() == .nothing)
        try bucket.mark(2, 4)
        let lines = try await drain(&reader)
        #expect(lines.map(\.shown) == ["another attempt wrote this, which is longer"])
        #expect(lines.map(\.attempt) == [2])
    }

    @Test func `a restart on the same machine ends the line of the attempt before`() async throws {
        let machine = GrowingFile(.machine)
        try machine.mark(1, 0)
        machine.append("one\nhalf a li")
        try machine.mark(2, 13)
        machine.append("fresh\n")
        var reader = reader(machine)
        let lines = try await drain(&reader)
        #expect(
            lines.map { "\($0.attempt ?? 0):\($0.offset) \($0.shown)" }
                == ["1:0 one", "1:4 half a li", "2:13 fresh"])
    }

    @Test func `a file that is another one is read from its beginning, after some looks`()
        async throws
    {
        let machine = GrowingFile(.machine)
        machine.append("old and long\n")
        var reader = reader(machine)
        _ = try await drain(&reader)
        machine.set(Array("completely new content\n".utf8))
        var steps: [LogReader.Step] = []
        repeat { steps.append(try await reader.step()) } while steps.last == .nothing
        #expect(steps.count == 5 && steps.last == .rewritten)
        #expect(try await drain(&reader).map(\.shown) == ["completely new content"])
    }

    @Test(arguments: [(1, Int64(8)), (2, 4), (3, 0), (99, 0)])
    func `the last lines are found from the end`(count: Int, expected: Int64) async throws {
        let machine = GrowingFile(.machine)
        machine.append("one\ntwo\nthree\n")
        let offset = try await LogStart.tail(count).offset(
            in: "logs/train.log", of: machine, isIndexed: true, now: Date())
        #expect(offset == expected)
    }

    @Test func `the last lines of a large log are read piece by piece`() async throws {
        let machine = GrowingFile(.machine)
        machine.append(String(repeating: "x", count: 1_000_000) + "\nlast\nunfinished")
        let offset = try await LogStart.tail(2).offset(
            in: "logs/train.log", of: machine, isIndexed: true, now: Date())
        #expect(offset == 1_000_001)
        let all = try await LogStart.tail(3).offset(
            in: "logs/train.log", of: machine, isIndexed: true, now: Date())
        #expect(all == 0)
    }

    @Test(arguments: [
        ("4096", LogStart.offset(4096)), ("2:17", .address(attempt: 2, offset: 17)),
        ("10m", .ago(TimeSpan(seconds: 600))),
        ("2026-01-31T12:00:00Z", .time(Date(timeIntervalSince1970: 1_769_860_800))),
    ])
    func `since takes four forms`(text: String, start: LogStart) {
        #expect(LogStart(since: text) == start)
    }

    @Test(arguments: ["", "-1", "0:5", "a:b", "yesterday", "1:-2", "99999999999999999999"])
    func `anything else is refused`(text: String) {
        #expect(LogStart(since: text) == nil)
    }

    @Test func `an address that a later attempt has written over leads to what is there now`()
        async throws
    {
        let machine = GrowingFile(.machine)
        try machine.mark(1, 0)
        try machine.mark(2, 6)
        let start = LogStart.address(attempt: 1, offset: 20)
        let offset = try await start.offset(
            in: "logs/train.log", of: machine, isIndexed: true, now: Date())
        #expect(offset == 6)
        await #expect(throws: Failure.self) {
            try await LogStart.address(attempt: 3, offset: 0).offset(
                in: "logs/train.log", of: machine, isIndexed: true, now: Date())
        }
    }
}

/// Numbers that a seed repeats (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
