import Shared
import Testing

@testable import Agent

@Suite struct JournalTests {
    private func run() throws -> RunName {
        try RunName(cloud: "local", projectName: "p", codeName: "c", datasetName: "d")
    }

    @Test func `what is saved is loaded`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        #expect(try Journal.load(from: WorkDirectory(directory.path)) == nil)
        var journal = Journal(
            run: try run(), startedAt: Date(timeIntervalSince1970: 1_700_000_000))
        journal.attempt = 3
        journal.knowsHistory = true
        journal.trainer = .init(pid: 77, startedAt: "boot 123456")
        journal.outcome = Outcome(kind: .failed, phase: .train, exitStatus: 3, message: "m")
        try journal.save(in: WorkDirectory(directory.path))
        #expect(try Journal.load(from: WorkDirectory(directory.path)) == journal)
    }

    @Test(arguments: ["", "{", "{\"version\": 99}", "\u{0}\u{1}", "{\"version\": 1, \"run\": 3}"])
    func `a broken journal is an error and not a new run`(text: String) throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try AtomicFile.write(Data(text.utf8), to: WorkDirectory(directory.path).journal)
        #expect(throws: Failure.self) { try Journal.load(from: WorkDirectory(directory.path)) }
    }

    @Test func `only a preempted run goes on`() throws {
        var journal = Journal(run: try run(), startedAt: Date())
        #expect(!journal.isOver)
        for kind in Outcome.Kind.allCases {
            journal.outcome = Outcome(kind: kind, phase: .train, message: "m")
            #expect(journal.isOver == (kind != .preempted))
        }
    }
}
