import Shared
import TestSupport
import Testing

@testable import Agent

/// Ticks that walk no tree, since the kernel had nothing to report.
@Suite struct QuietTickTests {
    let clock = ManualClock()
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture(clock: clock) }

    /// An engine whose tree is up, and at rest.
    private func settled() async throws -> SyncEngine {
        try fixture.rename("one", to: fixture.output + "/d/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        // What the last walk found pending is looked at in every tick: this one finds nothing.
        try await clock.sleep(for: .seconds(300))
        await engine.tick()
        if let note = fixture.told(.note).first { try Test.cancel("skipped: \(note)") }
        #expect(fixture.object("output/d/model.pt") == "one")
        return engine
    }

    @Test func `without an event nothing is walked, but every few minutes all is`() async throws {
        let engine = try await settled()
        // No kernel reports this.
        let late = [timespec(), timespec(tv_sec: 4_000_000_000, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, fixture.output + "/d/model.pt", late, 0) == 0)
        let generation = try fixture.manifest().generation
        for _ in 1...3 { await engine.tick() }
        #expect(try fixture.manifest().generation == generation)
        try await clock.sleep(for: .seconds(300))
        for _ in 1...2 { await engine.tick() }
        #expect(try fixture.manifest().files.first?.mtime == 4_000_000_000_000_000_000)
    }

    @Test func `a tick after an event finds what is new, renamed or gone`() async throws {
        let engine = try await settled()
        #expect(rename(fixture.output + "/d", fixture.output + "/e") == 0)
        try fixture.write("new", to: fixture.logs + "/deep/train.log")
        await engine.tick()
        #expect(fixture.object("output/e/model.pt") == "one")
        #expect(fixture.object("logs/deep/train.log") == "new")
    }

    /// A trainer that rotates its checkpoints and then computes for minutes: the machine that takes over
    /// must not resume from what was removed.
    @Test func `what a trainer removed is told to be gone although nothing happens any more`()
        async throws
    {
        let engine = try await settled()
        try fixture.rename("newer", to: fixture.output + "/d/model-2.pt")
        #expect(unlink(fixture.output + "/d/model.pt") == 0)
        for _ in 1...2 { await engine.tick() }
        let gone = try fixture.manifest().files.filter { $0.gone == true }
        #expect(gone.map(\.path) == ["output/d/model.pt"])
        // Nor is anything walked for ever after.
        let generation = try fixture.manifest().generation
        let late = [timespec(), timespec(tv_sec: 4_000_000_000, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, fixture.output + "/d/model-2.pt", late, 0) == 0)
        for _ in 1...2 { await engine.tick() }
        #expect(try fixture.manifest().generation == generation)
    }

    @Test func `a log that stays open goes up as it grows, without a walk`() async throws {
        let path = fixture.logs + "/train.log"
        let descriptor = systemOpen(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        let engine = try await settled()
        for step in 1...3 {
            try AtomicFile.writeAll(Data("step \(step)\n".utf8), to: descriptor, path: path)
            await engine.tick()
            #expect(fixture.object("logs/train.log")?.hasSuffix("step \(step)\n") == true)
        }
    }

    @Test func `a file that was open at the last walk is found closed`() async throws {
        let path = fixture.output + "/late.pt"
        let descriptor = systemOpen(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        let engine = try await settled()
        try AtomicFile.writeAll(Data("late".utf8), to: descriptor, path: path)
        await engine.tick()
        #expect(fixture.object("output/late.pt") == nil)
        close(descriptor)
        for _ in 1...100 where fixture.object("output/late.pt") == nil { await engine.tick() }
        #expect(fixture.object("output/late.pt") == "late")
    }
}
