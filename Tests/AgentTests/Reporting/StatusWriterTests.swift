import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(5))) struct StatusWriterTests {
    private final class Collector: EventSink {
        let messages = Mutex<[String]>([])
        func receive(_ event: Event, isLogged: Bool) {
            messages.withLock { $0.append(event.message) }
        }
    }

    private func writer(in work: WorkDirectory, _ sinks: [any EventSink]) throws -> StatusWriter {
        let run = try RunName(cloud: "local", projectName: "p", codeName: "c", datasetName: "d")
        try makeDirectories(work.run)
        return StatusWriter(
            status: RunStatus(run: run, startedAt: Date()), work: work, sinks: sinks,
            now: { Date() }, log: Log(toStandardError: false))
    }

    @Test func `changes are in memory at once and on the disk when asked for`() async throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let work = WorkDirectory(root.path)
        let writer = try writer(in: work, [])
        for number in 1...100 { writer.update { $0.restarts = number } }
        #expect(writer.status.restarts == 100)
        await writer.written()
        let read = try JSONFormat.decode(
            RunStatus.self, from: readFile(work.status), name: work.status)
        #expect(read.restarts == 100)
    }

    @Test func `every sink gets every event in order`() async throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let work = WorkDirectory(root.path)
        let collector = Collector()
        let writer = try writer(in: work, [collector])
        for number in 1...50 { writer.event(.note, "\(number)") }
        await writer.written()
        #expect(collector.messages.withLock { $0 } == (1...50).map { "\($0)" })
        let lines = String(decoding: try readFile(work.events), as: UTF8.self)
            .split(separator: "\n")
        #expect(lines.count == 50)
    }

    @Test func `a warning is told once`() async throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let collector = Collector()
        let writer = try writer(in: WorkDirectory(root.path), [collector])
        for _ in 1...3 { writer.warn("the disk is nearly full") }
        await writer.written()
        #expect(writer.status.warnings == ["the disk is nearly full"])
        #expect(collector.messages.withLock { $0.count } == 1)
    }
}
