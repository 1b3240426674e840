import Shared
import TestSupport
import Testing

@testable import Agent

@Suite struct SyncEngineTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    @Test func `nothing goes up before a restore`() async throws {
        try fixture.rename("weights", to: fixture.output + "/model.pt")
        try fixture.write("{}", to: fixture.run + "/status.json")
        let engine = try fixture.engine()
        await engine.tick()
        await engine.tick()
        #expect(fixture.object("output/model.pt") == nil)
        #expect(fixture.object("run/status.json") == "{}")
        #expect(fixture.object("run/manifest.json") == nil)
    }

    @Test func `a file renamed into place goes up at once, with logs, run and a manifest`()
        async throws
    {
        try fixture.rename("weights", to: fixture.output + "/deep/model.pt")
        try fixture.write("one\ntwo", to: fixture.logs + "/train.log")
        try fixture.write("{}", to: fixture.run + "/status.json")
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(fixture.object("output/deep/model.pt") == "weights")
        #expect(fixture.object("logs/train.log") == "one\ntwo")
        #expect(fixture.object("run/status.json") == "{}")
        let manifest = try fixture.manifest()
        #expect(manifest.generation == 1)
        #expect(!manifest.final)
        #expect(manifest.files.map(\.path) == ["logs/train.log", "output/deep/model.pt"])
        #expect(manifest.files.map(\.crc32c).last == CRC32C.of(Data("weights".utf8)))
        #expect(fixture.record.unsyncedSince == nil)
        #expect(fixture.record.lastSuccessAt != nil)
        #expect(fixture.record.files == 2)
    }

    @Test func `a file written in place waits for a second scan`() async throws {
        try fixture.write("weights", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(fixture.object("output/model.pt") == nil)
        #expect(fixture.record.unsyncedSince != nil)
        await engine.tick()
        #expect(fixture.object("output/model.pt") == "weights")
        #expect(fixture.record.unsyncedSince == nil)
    }

    @Test func `a tick with nothing new starts no process`() async throws {
        try fixture.write("weights", to: fixture.output + "/model.pt")
        try fixture.rename("renamed", to: fixture.output + "/other.pt")
        try fixture.write("{}\n", to: fixture.logs + "/metrics.jsonl")
        try fixture.write("{}", to: fixture.run + "/status.json")
        let engine = try await fixture.ready()
        for _ in 1...3 { await engine.tick() }
        let count = fixture.runner.commands.count
        for number in 1...5 {
            // The agent's heartbeat alone is no reason, five minutes long.
            try fixture.write("{\(number)}", to: fixture.run + "/status.json")
            await engine.tick()
        }
        #expect(fixture.runner.commands.count == count)
        #expect(try fixture.manifest().files.count == 3)
        await engine.publish()
        #expect(fixture.runner.commands.count == count + 1)
        #expect(fixture.object("run/status.json") == "{5}")
    }

    @Test func `a file that is open for writing never goes up`() async throws {
        let path = fixture.output + "/model.pt"
        try fixture.write("half", to: path)
        let descriptor = systemOpen(path, O_WRONLY | O_CLOEXEC)
        let engine = try await fixture.ready()
        for _ in 1...3 { await engine.tick() }
        #expect(fixture.object("output/model.pt") == nil)
        close(descriptor)
        // Two ticks, or more where a child that is just being started still has our descriptors.
        for _ in 1...100 where fixture.object("output/model.pt") == nil { await engine.tick() }
        #expect(fixture.object("output/model.pt") == "half")
    }

    @Test func `lines of JSON go up whole, and other logs as they are`() async throws {
        try fixture.write("{\"a\":1}\n{\"b\":", to: fixture.logs + "/metrics.jsonl")
        try fixture.write("half a li", to: fixture.logs + "/train.log")
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(fixture.object("logs/metrics.jsonl") == "{\"a\":1}\n")
        #expect(fixture.object("logs/train.log") == "half a li")
        let count = fixture.runner.commands.count
        try fixture.write("{\"a\":1}\n{\"b\":2", to: fixture.logs + "/metrics.jsonl")
        await engine.tick()
        // Still the same whole lines: nothing to send.
        #expect(fixture.runner.commands.count == count)
        try fixture.write("{\"a\":1}\n{\"b\":2}\n", to: fixture.logs + "/metrics.jsonl")
        await engine.tick()
        #expect(fixture.object("logs/metrics.jsonl") == "{\"a\":1}\n{\"b\":2}\n")
    }

    @Test func `a failed transfer is counted, and the next goes on with what is frozen`()
        async throws
    {
        try fixture.rename("weights", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        fixture.runner.isFailing = true
        await engine.tick()
        await engine.tick()
        #expect(fixture.record.consecutiveFailures == 2)
        #expect(fixture.record.lastError != nil)
        #expect(fixture.record.unsyncedSince != nil)
        fixture.runner.isFailing = false
        await engine.tick()
        #expect(fixture.record.consecutiveFailures == 0)
        #expect(fixture.record.lastError == nil)
        #expect(fixture.object("output/model.pt") == "weights")
    }

    @Test func `a restarted engine knows what is up`() async throws {
        try fixture.rename("weights", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        let next = try fixture.engine()
        #expect(try await next.restore() == 0)
        // It has looked at the bucket, and has nothing more to ask.
        #expect(fixture.runner.commands.last?.arguments.contains("list") == true)
        let count = fixture.runner.commands.count
        await next.tick()
        #expect(fixture.runner.commands.count == count)
        try fixture.rename("other", to: fixture.output + "/other.pt")
        await next.tick()
        #expect(try fixture.manifest().generation == 2)
        #expect(try fixture.manifest().files.count == 2)
    }

    @Test func `excluded files stay on the machine`() async throws {
        try fixture.rename("x", to: fixture.output + "/cache/a")
        try fixture.rename("x", to: fixture.output + "/keep")
        try fixture.rename("x", to: fixture.output + "/scratch.bak")
        let engine = try await fixture.ready { $0.exclude = ["output/cache/**", "*.bak"] }
        await engine.tick()
        #expect(try fixture.manifest().files.map(\.path) == ["output/keep"])
        #expect(fixture.record.unsyncedSince == nil)
    }

    @Test func `what cannot go up is told once and stops nothing`() async throws {
        try fixture.rename("x", to: fixture.output + "/good")
        try fixture.rename("x", to: fixture.output + "/line\nbreak")
        #expect(mkfifo(fixture.output + "/pipe", 0o600) == 0)
        #expect(symlink("/etc/passwd", fixture.output + "/outside") == 0)
        #expect(symlink("good", fixture.output + "/inside") == 0)
        var name = (fixture.output + "/").utf8CString.dropLast() + [-1, -2, 0]
        name.withUnsafeMutableBufferPointer { name in
            if let base = name.baseAddress { _ = close(creat(base, 0o644)) }
        }
        let engine = try await fixture.ready()
        for _ in 1...4 { await engine.tick() }
        #expect(try fixture.manifest().files.map(\.path) == ["output/good", "output/inside"])
        #expect(fixture.record.skippedFiles.count == 4)
        #expect(fixture.told(.warning).count == 4)
        #expect(fixture.record.unsyncedSince == nil)
    }

    @Test func `nothing is deleted in the bucket unless it is to mirror`() async throws {
        for mirror in [false, true] {
            try fixture.rename("x", to: fixture.output + "/gone")
            try fixture.rename("x", to: fixture.output + "/stays")
            let engine = try await fixture.ready { $0.mirror = mirror }
            await engine.tick()
            unlink(fixture.output + "/gone")
            for _ in 1...3 { await engine.tick() }
            #expect((fixture.object("output/gone") == nil) == mirror)
            #expect(try fixture.manifest().files.count == (mirror ? 1 : 2))
        }
    }

    @Test func `a file that is back before the mirror lost it stays`() async throws {
        try fixture.rename("x", to: fixture.output + "/moved")
        try fixture.rename("x", to: fixture.output + "/stays")
        let engine = try await fixture.ready { $0.mirror = true }
        await engine.tick()
        #expect(rename(fixture.output + "/moved", fixture.root.path + "/away") == 0)
        await engine.tick()
        fixture.runner.isFailing = true
        await engine.tick()
        fixture.runner.isFailing = false
        #expect(rename(fixture.root.path + "/away", fixture.output + "/moved") == 0)
        try await engine.finish(until: nil)
        #expect(fixture.object("output/moved") == "x")
        #expect(try fixture.manifest().files.map(\.path) == ["output/moved", "output/stays"])
    }

    @Test func `a mirror of an empty tree deletes nothing`() async throws {
        try fixture.rename("x", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready { $0.mirror = true }
        await engine.tick()
        unlink(fixture.output + "/model.pt")
        for _ in 1...4 { await engine.tick() }
        #expect(fixture.object("output/model.pt") == "x")
    }

    @Test func `the newest checkpoints and the best stay in the bucket`() async throws {
        let engine = try await fixture.ready { $0.keepLast = 2 }
        try fixture.rename("x", to: fixture.output + "/best.pt")
        try makeDirectories(fixture.output + "/exp")
        #expect(symlink("../checkpoint-1", fixture.output + "/exp/best-link") == 0)
        for step in 1...5 {
            try fixture.rename("x\(step)", to: fixture.output + "/checkpoint-\(step)/model.pt")
            await engine.tick()
            await engine.tick()
        }
        #expect(
            try fixture.manifest().files.map(\.path) == [
                "output/best.pt", "output/checkpoint-1/model.pt", "output/checkpoint-4/model.pt",
                "output/checkpoint-5/model.pt",
            ])
        #expect(fixture.object("output/checkpoint-2/model.pt") == nil)
        let next = try await fixture.ready { $0.keepLast = 2 }
        let count = fixture.runner.commands.count
        await next.tick()
        // Still on the machine, but not to go up again.
        #expect(fixture.runner.commands.count == count)
    }

    @Test func `an engine that is let go watches nothing any more`() async throws {
        var engine: SyncEngine? = try await fixture.ready { _ in }
        await engine?.tick()
        weak let watch = engine?.context.trainer
        #expect(watch != nil)
        engine = nil
        try await Eventually.holds { watch == nil }
    }
}
