import Shared
import Testing

@Suite struct LogIndexTests {
    private static let start = Date(timeIntervalSince1970: 1_800_000_000)

    private static func index(_ marks: [(attempt: Int, offset: Int64, second: Double)]) throws
        -> LogIndex
    {
        var data = Data()
        for mark in marks {
            data += try JSONFormat.line(
                LogMark(
                    attempt: mark.attempt, offset: mark.offset,
                    time: start.addingTimeInterval(mark.second)))
        }
        return LogIndex(data)
    }

    @Test func `each byte belongs to the attempt that wrote it last`() throws {
        // The second machine got 500 bytes from the bucket, the third 300.
        let index = try Self.index([
            (1, 0, 0), (1, 450, 30), (1, 900, 60), (2, 500, 100), (2, 700, 130), (3, 300, 200),
        ])
        #expect(index.starts.map(\.attempt) == [1, 2, 3])
        #expect([0, 299, 300, 600].map { index.attempt(at: $0) } == [1, 1, 3, 3])
        #expect(index.start(of: 2) == 500)
        #expect(index.restart(after: 1, before: 900) == 300)
        #expect(index.restart(after: 3, before: 900) == nil)
        #expect(index.restart(after: 1, before: 200) == nil)
    }

    @Test(arguments: [
        (-1.0, Int64(0)), (0, 0), (45, 450), (70, 500), (99, 500), (140, 700), (999, 700),
    ])
    func `a moment is found at the last mark before it`(second: Double, offset: Int64) throws {
        // 900 was lost with its machine; what is there since begins at 500.
        let index = try Self.index([
            (1, 0, 0), (1, 450, 30), (1, 900, 60), (2, 500, 100), (2, 700, 130),
        ])
        #expect(index.offset(at: Self.start.addingTimeInterval(second)) == offset)
    }

    @Test func `lines of the trainer's own are passed over`() throws {
        let text = """
            nonsense
            {"attempt":0,"offset":1,"time":"2027-01-15T08:00:00Z"}
            {"attempt":1,"offset":-1,"time":"2027-01-15T08:00:00Z"}
            {"attempt":9223372036854775807,"offset":1,"time":"2027-01-15T08:00:00Z"}
            {"attempt":2,"offset":7,"time":"2027-01-15T08:00:00Z","more":true}
            """
        let index = LogIndex(Data(text.utf8) + Data([0x0A, 0xFF, 0x0A]))
        #expect(index.starts.map(\.attempt) == [2] && index.starts.map(\.offset) == [7])
        #expect(LogIndex(Data()).attempt(at: 5) == nil)
    }
}
