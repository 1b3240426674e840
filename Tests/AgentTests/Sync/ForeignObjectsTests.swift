import Shared
import Synchronization
import Testing

@testable import Agent

/// Objects that somebody else put among a run's output: nobody vouches for them, and they are named.
@Suite struct ForeignObjectsTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    @Test func `what this run did not put among its output is said`() async throws {
        try fixture.write("whole", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        try makeDirectories(fixture.bucket + "/run")
        for path in ["output/planted.pt", "run/status.json", "nodes/1/output/model.pt"] {
            try makeDirectories(parentDirectory("\(fixture.bucket)/\(path)"))
            try AtomicFile.write(Data("x".utf8), to: "\(fixture.bucket)/\(path)")
        }
        try await engine.finish(until: nil)
        #expect(fixture.record.verified)
        #expect(fixture.record.foreignFiles == ["output/planted.pt"])
        let said = fixture.events.withLock { $0 }.filter { $0.kind == .warning }.map(\.message)
        let words = "did not put 1 of the objects, such as 'output/planted.pt'"
        #expect(said.contains { $0.contains(words) }, "\(said)")
    }
}
