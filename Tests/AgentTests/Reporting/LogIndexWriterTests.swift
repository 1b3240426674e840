import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

@Suite struct LogIndexWriterTests {
    private let scratch: Scratch
    private let time = WallTime()

    init() throws { scratch = try Scratch() }

    private func wait(_ seconds: Double) { time.pass(seconds) }

    private func write(_ bytes: Int) throws {
        let path = scratch.path + "/train.log"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        let text = String(repeating: "x", count: bytes)
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: path)
    }

    private var marks: [LogMark] {
        let lines = (scratch.read("train_log_index.jsonl") ?? "").split(separator: "\n")
        return lines.compactMap {
            try? JSONFormat.decoder().decode(LogMark.self, from: Data($0.utf8))
        }
    }

    @Test func `an attempt is marked where its first byte will be, growth now and then`() throws {
        try withWriter { writer in
            writer.mark()
            #expect(marks.isEmpty)
            try write(10)
            writer.begin(attempt: 2)
            writer.mark()
            try write(5)
            wait(29)
            writer.mark()
            #expect(marks.map(\.offset) == [10])
            wait(1)
            writer.mark()
            wait(100)
            // Nothing new: no mark, and so nothing to sync.
            writer.mark()
            #expect(marks.map(\.offset) == [10, 15])
            #expect(marks.map(\.attempt) == [2, 2])
            #expect(
                marks[1].time.timeIntervalSince(marks[0].time) == 30)
            writer.begin(attempt: 3)
            #expect(marks.last?.attempt == 3 && marks.last?.offset == 15)
        }
    }

    @Test func `a month has few marks`() throws {
        try withWriter { writer in
            writer.begin(attempt: 1)
            for _ in 0..<(30 * 24 * 60) {
                try write(1)
                wait(60)
                writer.mark()
            }
            #expect((1000...4000).contains(marks.count), "\(marks.count)")
        }
    }

    @Test func `a link in the index's place is not followed`() throws {
        try withWriter { writer in
            symlink("elsewhere", scratch.path + "/train_log_index.jsonl")
            writer.begin(attempt: 1)
            #expect(scratch.read("elsewhere") == nil)
        }
    }

    private func withWriter(_ body: (LogIndexWriter) throws -> Void) throws {
        let time = time
        try body(LogIndexWriter(logs: scratch.path, now: { time.now }))
    }

    /// A time on the wall that the test moves.
    private final class WallTime: Sendable {
        private let moment = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
        var now: Date { moment.withLock { $0 } }
        func pass(_ seconds: Double) { moment.withLock { $0 = $0.addingTimeInterval(seconds) } }
    }
}
