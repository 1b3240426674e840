import Shared
import Testing

@testable import Agent

/// What an attempt before this one said in the bucket.
@Suite struct AttemptsTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    private func endFirstAttempt() async throws {
        try fixture.rename("one", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        try await engine.finish(until: nil)
        #expect(try fixture.manifest().final)
    }

    @Test(arguments: [true, false])
    func `a new attempt takes back that the run is over, before anything else`(sameDisk: Bool)
        async throws
    {
        try await endFirstAttempt()
        if !sameDisk {
            removeTree(fixture.machine)
            for directory in [fixture.output, fixture.logs, fixture.run] {
                try makeDirectories(directory)
            }
        }
        let before = try fixture.manifest()
        _ = try await fixture.ready()
        let now = try fixture.manifest()
        #expect(!now.final)
        #expect(now.files == before.files)
        #expect(now.generation == before.generation + 1)
    }

    @Test func `where the store is away, the first sync takes it back before it sends`()
        async throws
    {
        try await endFirstAttempt()
        let engine = try fixture.engine()
        await engine.setFirstWait(.milliseconds(1))
        fixture.runner.isFailing = true
        _ = try await engine.restore()
        #expect(fixture.told(.warning).count == 1)
        fixture.runner.isFailing = false
        try fixture.rename("two", to: fixture.output + "/model.pt")
        let sent = fixture.runner.commands.count
        await engine.tick()
        let verbs = fixture.runner.commands.dropFirst(sent).map { $0.arguments.dropFirst().first }
        #expect(verbs.prefix(2) == ["put", "upload"])
        #expect(try !fixture.manifest().final)
    }

    @Test func `a manifest whose writing nobody saw keeps its generation`() async throws {
        try fixture.rename("one", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        try fixture.rename("two 2", to: fixture.output + "/model.pt")
        await engine.tick()
        let written = try fixture.manifest().generation
        // The agent died before its journal said so.
        let journal = fixture.state + "/index.tsv"
        var lines = String(decoding: try readFile(journal), as: UTF8.self).split(separator: "\n")
        #expect(lines.removeLast().hasPrefix("M\t"))
        try AtomicFile.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: journal)
        let next = try await fixture.ready()
        try fixture.rename("three", to: fixture.output + "/model.pt")
        await next.tick()
        #expect(try fixture.manifest().generation > written)
    }
}
