import Shared
import Testing

@testable import Agent

/// A trainer that removes its output directory ends a run all the same.
@Suite struct RemovedTreesTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    private func trained() async throws -> SyncEngine {
        try fixture.rename("weights", to: fixture.output + "/deep/model.pt")
        let engine = try await fixture.ready()
        await engine.setFirstWait(.milliseconds(10))
        await engine.tick()
        return engine
    }

    @Test func `what had gone up of a removed directory is kept, and the run is verified`()
        async throws
    {
        let engine = try await trained()
        removeTree(fixture.output)
        try await engine.finish(until: Date().addingTimeInterval(60))
        #expect(fixture.record.verified)
        #expect(try fixture.manifest().final)
        #expect(try fixture.manifest().files.map(\.path) == ["output/deep/model.pt"])
        // A tree of which nothing is left comes back: more often it is a lost disk.
        #expect(try fixture.manifest().files.allSatisfy { $0.gone != true })
        #expect(
            fixture.told(.warning).contains {
                $0.contains("removed or renamed its directory \(quoted(fixture.output))")
            })
    }

    @Test func `the logs are made anew too, and what stands there at the end goes up`() async throws
    {
        let engine = try await trained()
        removeTree(fixture.logs)
        try fixture.rename("last", to: fixture.output + "/last.pt")
        try await engine.finish(until: Date().addingTimeInterval(60))
        #expect(fixture.object("output/last.pt") == "last")
        #expect(fixture.record.verified)
    }
}
