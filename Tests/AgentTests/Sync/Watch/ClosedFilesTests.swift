import Testing

@testable import Agent

@Suite struct ClosedFilesTests {
    private static let file = WriterDetector.Identity(device: 1, inode: 7)

    private static func version(_ size: Int64) -> FileVersion {
        FileVersion(size: size, mtime: size, ctime: size, inode: 7)
    }

    /// One step at a time in milliseconds.
    enum Step: Sendable {
        case closed(Int64, ClosedFiles.Writer)
        case renamed(Int64, ClosedFiles.Writer)
        case treeRuns, treeRunsTorn
        case treeChanged
        case endedOrderly(Int32)
        case nobodyIsLeft(isOwn: Bool)
        case forget(Int64)
        case lost
        case ask
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var steps: [(Int, Step)]
        /// What is asked: a version, by its size, at a time.
        var asked: (size: Int64, at: Int)
        var isComplete: Bool
        var testDescription: String { name }
    }

    static let rows = [
        Row(
            name: "closed, rested", steps: [(0, .closed(1, .running))], asked: (1, 500),
            isComplete: true),
        Row(
            name: "closed, not rested", steps: [(0, .closed(1, .running))], asked: (1, 499),
            isComplete: false),
        Row(name: "never seen", steps: [], asked: (1, 900), isComplete: false),
        Row(
            name: "written to since", steps: [(0, .closed(1, .running))], asked: (2, 900),
            isComplete: false),
        Row(
            name: "closed twice, the second rested",
            steps: [(0, .closed(1, .running)), (400, .closed(2, .running))], asked: (2, 900),
            isComplete: true),
        Row(
            name: "closed twice, the second not rested",
            steps: [(0, .closed(1, .running)), (400, .closed(1, .running))], asked: (1, 899),
            isComplete: false),
        Row(
            name: "closed by the kernel", steps: [(0, .closed(1, .ended(pid: 3)))],
            asked: (1, 900), isComplete: false),
        Row(
            name: "closed, then opened by one that died",
            steps: [(0, .closed(1, .running)), (600, .closed(1, .ended(pid: 3)))],
            asked: (1, 2000), isComplete: false),
        Row(
            name: "ended with status 0",
            steps: [(0, .closed(1, .ended(pid: 3))), (50, .endedOrderly(3))], asked: (1, 60),
            isComplete: true),
        Row(
            name: "another ended with status 0",
            steps: [(0, .closed(1, .ended(pid: 3))), (50, .endedOrderly(4))], asked: (1, 900),
            isComplete: false),
        Row(
            name: "closed by one that ended in order, not rested",
            steps: [(0, .closed(1, .running)), (50, .nobodyIsLeft(isOwn: true))], asked: (1, 60),
            isComplete: true),
        Row(
            name: "closed by one that was killed, not rested",
            steps: [(0, .closed(1, .running)), (50, .nobodyIsLeft(isOwn: false))], asked: (1, 60),
            isComplete: false),
        Row(
            name: "unknown writer, all ended in order",
            steps: [(0, .closed(1, .unknown)), (50, .nobodyIsLeft(isOwn: true))], asked: (1, 60),
            isComplete: true),
        Row(
            name: "unknown writer, one killed before the last ended in order",
            steps: [
                (0, .closed(1, .unknown)), (100, .treeRuns), (200, .treeChanged),
                (300, .nobodyIsLeft(isOwn: true)),
            ],
            asked: (1, 310), isComplete: false),
        Row(
            name: "unknown writer, open at an orderly end",
            steps: [(0, .closed(1, .unknown)), (100, .treeRunsTorn)], asked: (1, 900),
            isComplete: false),
        Row(
            name: "renamed", steps: [(0, .closed(1, .running)), (10, .renamed(1, .running))],
            asked: (1, 10), isComplete: true),
        Row(
            name: "closed by the kernel, renamed by another",
            steps: [(0, .closed(1, .ended(pid: 3))), (10, .renamed(1, .running))],
            asked: (1, 900), isComplete: false),
        Row(
            name: "unknown writer, nobody ended",
            steps: [(0, .closed(1, .unknown)), (100, .treeRuns)], asked: (1, 500),
            isComplete: true),
        Row(
            name: "unknown writer, looked too early",
            steps: [(0, .closed(1, .unknown)), (99, .treeRuns)], asked: (1, 900),
            isComplete: false),
        Row(
            name: "unknown writer, somebody ended",
            steps: [(0, .closed(1, .unknown)), (50, .treeChanged), (200, .treeRuns)],
            asked: (1, 900), isComplete: false),
        Row(
            name: "unknown writer, nobody looked", steps: [(0, .closed(1, .unknown))],
            asked: (1, 900), isComplete: false),
        Row(
            name: "unknown writer, looked late",
            steps: [
                (0, .closed(1, .unknown)), (50, .closed(2, .unknown)), (900, .treeRuns),
            ],
            asked: (2, 900), isComplete: true),
        Row(
            name: "unknown writer, asked before the late look",
            steps: [(0, .closed(1, .unknown)), (600, .ask), (900, .treeRuns)],
            asked: (1, 900), isComplete: true),
        Row(
            name: "somebody ended after the look",
            steps: [(0, .closed(1, .unknown)), (100, .treeRuns), (101, .treeChanged)],
            asked: (1, 900), isComplete: true),
        Row(
            name: "renamed by an unknown writer",
            steps: [(0, .renamed(1, .unknown)), (100, .treeRuns)], asked: (1, 100),
            isComplete: true),
        Row(
            name: "in the bucket", steps: [(0, .closed(1, .running)), (600, .forget(1))],
            asked: (1, 900), isComplete: false),
        Row(
            name: "events lost", steps: [(0, .closed(1, .running)), (600, .lost)],
            asked: (1, 900), isComplete: false),
    ]

    @Test(arguments: rows) func `a version counts once a running writer is done`(row: Row) {
        var closed = ClosedFiles()
        for (time, step) in row.steps {
            let time = Duration.milliseconds(time)
            switch step {
            case .closed(let size, let writer):
                closed.closed(Self.file, Self.version(size), by: writer, at: time)
            case .renamed(let size, let writer):
                closed.renamed(Self.file, Self.version(size), by: writer, at: time)
            case .treeRuns: closed.treeRuns(at: time)
            case .treeRunsTorn: closed.treeRuns(at: time) { _ in true }
            case .nobodyIsLeft(let isOwn): closed.nobodyIsLeft { _ in isOwn }
            case .treeChanged: closed.treeChanged()
            case .endedOrderly(let pid): closed.endedOrderly(pid: pid)
            case .forget(let size):
                let before = closed.isComplete(Self.file, Self.version(size), at: time)
                #expect(before)
                closed.forget(Self.file, Self.version(size))
            case .ask: _ = closed.isComplete(Self.file, Self.version(1), at: time)
            case .lost:
                let before = closed.isComplete(Self.file, Self.version(1), at: time)
                #expect(before)
                closed.forgetAll()
            }
        }
        let (size, time) = row.asked
        let answer = closed.isComplete(Self.file, Self.version(size), at: .milliseconds(time))
        #expect(answer == row.isComplete)
    }

    @Test func `a file that rests shortly counts sooner only where a running writer closed it`() {
        let (rest, soon) = (Duration.milliseconds(100), Duration.milliseconds(150))
        let writers: [(ClosedFiles.Writer, Bool)] = [
            (.running, true), (.unknown, false), (.ended(pid: 7), false),
        ]
        for (writer, isComplete) in writers {
            var closed = ClosedFiles()
            closed.closed(Self.file, Self.version(1), by: writer, at: .zero)
            let answers = [Duration.milliseconds(50), soon].map { time in
                closed.isComplete(Self.file, Self.version(1), after: rest, at: time)
            }
            #expect(answers == [false, isComplete])
            let other = closed.isComplete(Self.file, Self.version(2), after: rest, at: soon)
            #expect(!other)
        }
    }

    @Test func `a file that is closed all day takes the room of its versions alone`() {
        var closed = ClosedFiles()
        for turn in 0..<50_000 {
            closed.closed(
                Self.file, Self.version(Int64(turn)), by: .running, at: .milliseconds(turn))
        }
        let isLastComplete = closed.isComplete(Self.file, Self.version(49_999), at: .seconds(60))
        #expect(isLastComplete)
        #expect(closed.count == 1)
    }
}
