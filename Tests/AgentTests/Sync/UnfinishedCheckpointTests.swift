import Shared
import TestSupport
import Testing

@testable import Agent

/// A checkpoint that is written under another name, and renamed once it is whole.
@Suite struct UnfinishedCheckpointTests {
    let clock = ManualClock()
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture(clock: clock) }

    /// Orbax writes in a directory of its own; Hugging Face and many others do the same.
    @Test(arguments: [("5.orbax-checkpoint-tmp-17", "5"), ("tmp-checkpoint-500", "checkpoint-500")])
    func `nothing of it is up before it has its name`(unfinished: String, name: String)
        async throws
    {
        let engine = try await fixture.ready()
        try fixture.rename("part", to: "\(fixture.output)/\(unfinished)/deep/d0")
        for _ in 1...3 { await engine.tick() }
        #expect(fixture.object("output/\(unfinished)/deep/d0") == nil)
        #expect(fixture.record.unsyncedSince != nil)
        // It is not written to all the time.
        try await clock.sleep(for: .seconds(200))
        await engine.tick()
        #expect(fixture.record.waitingFiles == nil)
        let made = "\(fixture.output)/\(unfinished)"
        #expect(rename(made, "\(fixture.output)/\(name)") == 0)
        // Where the kernel reports nothing two scans must see it.
        for _ in 1...3 { await engine.tick() }
        #expect(fixture.object("output/\(name)/deep/d0") == "part")
        try await engine.finish(until: nil)
        #expect(try fixture.manifest().files.map(\.path) == ["output/\(name)/deep/d0"])
    }

    @Test func `it goes up where it keeps that name`() async throws {
        let engine = try await fixture.ready { $0.maxStalenessSeconds = 600 }
        let path = "output/tmp-checkpoint-1/model.bin"
        try fixture.rename("part", to: "\(fixture.machine)/\(path)")
        await engine.tick()
        #expect(fixture.object(path) == nil)
        try await clock.sleep(for: .seconds(601))
        await engine.tick()
        #expect(fixture.object(path) == "part")
    }

    @Test func `at the end it goes up at once, half-written or not`() async throws {
        let engine = try await fixture.ready()
        try fixture.rename("part", to: fixture.output + "/7.orbax-checkpoint-tmp-1/d0")
        await engine.tick()
        try await engine.finish(until: nil)
        #expect(fixture.object("output/7.orbax-checkpoint-tmp-1/d0") == "part")
        #expect(fixture.record.verified)
    }

    @Test(arguments: [
        "output/tmp_10/model.bin", "output/checkpoint-5/model.tmp", "output/tmp-checkpoint-5",
        "output/new/model.bin", "output/tmp-save/model.bin", "output/checkpoint-5/model.bin",
    ]) func `other names wait for nothing`(path: String) {
        #expect(!CheckpointDirectories.isUnfinished(path))
    }
}
