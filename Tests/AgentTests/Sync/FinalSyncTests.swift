import Shared
import Synchronization
import Testing

@testable import Agent

/// What the last sync sends, proves and says.
@Suite struct FinalSyncTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    @Test func `the last sync sends all, compares with the listing and says final`() async throws {
        try fixture.write("written in place", to: fixture.output + "/model.pt")
        try fixture.write("half", to: fixture.logs + "/train.log")
        let engine = try await fixture.ready()
        try await engine.finish(until: nil)
        #expect(fixture.object("output/model.pt") == "written in place")
        let manifest = try fixture.manifest()
        #expect(manifest.final)
        #expect(manifest.files.count == 2)
        #expect(fixture.record.verified)
        #expect(fixture.record.unsyncedSince == nil)
    }

    @Test func `an object that differs is sent again before the run counts as verified`()
        async throws
    {
        try fixture.rename("weights", to: fixture.output + "/model.pt")
        try fixture.write("step 1\n", to: fixture.logs + "/train.log")
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(fixture.object("logs/train.log") == "step 1\n")
        try fixture.write("Weights", to: fixture.bucket + "/output/model.pt")
        #expect(unlink(fixture.bucket + "/logs/train.log") == 0)
        await engine.setFirstWait(.milliseconds(10))
        try await engine.finish(until: nil)
        #expect(fixture.object("output/model.pt") == "weights")
        #expect(fixture.object("logs/train.log") == "step 1\n")
        #expect(try fixture.manifest().final)
    }

    @Test func `what is nowhere any more is named, and nothing is final`() async throws {
        try fixture.rename("x", to: fixture.output + "/gone.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        unlink(fixture.output + "/gone.pt")
        unlink(fixture.bucket + "/output/gone.pt")
        let failure = await #expect(throws: Failure.self) { try await engine.finish(until: nil) }
        #expect(failure?.description.contains("'output/gone.pt' is missing") == true)
        #expect(try !fixture.manifest().final)
        #expect(try fixture.manifest().files == [])
        #expect(!fixture.record.verified)
    }

    @Test func `what changes while it is sent is not missing from what is final`() async throws {
        let path = fixture.output + "/model.pt"
        try fixture.write("one", to: path)
        let engine = try await fixture.ready()
        await engine.setFirstWait(.milliseconds(10))
        // By a program that outlived the trainer.
        fixture.beforeFreezing.withLock { action in
            action = { [fixture] in try? fixture.write("two, longer", to: path) }
        }
        try await engine.finish(until: nil)
        #expect(fixture.object("output/model.pt") == "two, longer")
        #expect(try fixture.manifest().final)
        #expect(try fixture.manifest().files.map(\.path) == ["output/model.pt"])
    }

    @Test func `a tree that cannot be read is never final`() async throws {
        try fixture.rename("x", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.setFirstWait(.milliseconds(10))
        await engine.tick()
        #expect(rename(fixture.output, fixture.output + ".away") == 0)
        try fixture.write("no directory", to: fixture.output)
        let failure = await #expect(throws: Failure.self) {
            try await engine.finish(until: Date().addingTimeInterval(3))
        }
        #expect(failure?.summary.contains(quoted(fixture.output)) == true)
        #expect(try !fixture.manifest().final)
        #expect(unlink(fixture.output) == 0)
        #expect(rename(fixture.output + ".away", fixture.output) == 0)
        try await engine.finish(until: nil)
        #expect(try fixture.manifest().final)
    }

    @Test func `the status names what is missing`() async throws {
        try fixture.rename("x", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.setFirstWait(.milliseconds(10))
        fixture.runner.isFailing = true
        await #expect(throws: Failure.self) {
            try await engine.finish(until: Date().addingTimeInterval(0.5))
        }
        #expect(fixture.record.missingFiles == ["output/model.pt"])
        fixture.runner.isFailing = false
        try await engine.finish(until: nil)
        #expect(fixture.record.missingFiles == [])
    }

    @Test func `a store that stays away is tried until the deadline, and the file is named`()
        async throws
    {
        try fixture.rename("x", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.setFirstWait(.milliseconds(50))
        fixture.runner.isFailing = true
        let failure = await #expect(throws: Failure.self) {
            try await engine.finish(until: Date().addingTimeInterval(6))
        }
        #expect(failure?.description.contains("'output/model.pt'") == true)
        // Again at least once, also where a single attempt takes seconds.
        #expect(fixture.runner.commands.count >= 2)
        #expect(!fixture.record.verified)
    }

    @Test func `without a store a finish does nothing and the record says so`() async throws {
        let engine = try fixture.withoutStore()
        await engine.tick()
        try await engine.finish(until: nil)
        #expect(fixture.record.lastError?.contains("no store") == true)
        #expect(!fixture.record.verified)
    }
}
