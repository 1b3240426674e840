import Shared
import Testing

@testable import Agent

/// What goes up as it grows, by what it is and not by where it lies.
@Suite struct GrowingFileTests {
    @Test(arguments: [
        "output/metrics.jsonl", "output/runs/a/events.out.tfevents.17.host.1.0", "output/R.CSV",
        "stray/wandb/debug.log", "logs/train.log", "logs/nohup", "logs/hparams.yaml",
        "logs/a/b.txt",
    ])
    func `tables, logs and events grow`(path: String) { #expect(GrowingFile.isOne(path)) }

    @Test(arguments: [
        "output/model.pt", "output/notes.txt", "output/checkpoint-500/history.csv",
        "logs/lightning_logs/version_0/checkpoints/epoch=0-step=10.ckpt", "logs/a/last.ckpt",
        "logs/checkpoint-500/trainer_state.json", "logs/checkpoints/best", "logs/model.safetensors",
        "output/.log", "output/tfevents", "stray/a.pt",
    ])
    func `checkpoints are whole or absent, below logs too`(path: String) {
        #expect(!GrowingFile.isOne(path))
    }
}

/// The same through an engine, with writers that keep their files open.
@Suite struct GrowingFileSyncTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    private func open(_ path: String) throws -> Int32 {
        try makeDirectories(parentDirectory(path))
        let descriptor = systemOpen(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        return try #require(descriptor >= 0 ? descriptor : nil)
    }

    private func append(_ text: String, to descriptor: Int32) throws {
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: "it")
    }

    @Test func `a table below output goes up while its writer has it open`() async throws {
        let engine = try await fixture.ready()
        let table = try open(fixture.output + "/results.csv")
        defer { close(table) }
        for row in 1...3 {
            try append("row \(row)\n", to: table)
            await engine.tick()
            #expect(fixture.object("output/results.csv")?.hasSuffix("row \(row)\n") == true)
        }
    }

    @Test func `a table that is written anew is never replaced by half of it`() async throws {
        let engine = try await fixture.ready()
        try fixture.write("a,1\nb,2\n", to: fixture.output + "/results.csv")
        await engine.tick()
        let table = try open(fixture.output + "/results.csv")
        try append("c,3\n", to: table)
        await engine.tick()
        await engine.tick()
        #expect(fixture.object("output/results.csv") == "a,1\nb,2\n")
        try append("d,4\n", to: table)
        close(table)
        for _ in 1...3 { await engine.tick() }
        #expect(fixture.object("output/results.csv") == "c,3\nd,4\n")
    }

    @Test func `a checkpoint below logs is not up before it is closed`() async throws {
        let engine = try await fixture.ready()
        let path = "lightning_logs/version_0/checkpoints/epoch=0.ckpt"
        let checkpoint = try open("\(fixture.logs)/\(path)")
        try append("half", to: checkpoint)
        for _ in 1...3 { await engine.tick() }
        #expect(fixture.object("logs/\(path)") == nil)
        try append(" and half", to: checkpoint)
        close(checkpoint)
        for _ in 1...3 { await engine.tick() }
        #expect(fixture.object("logs/\(path)") == "half and half")
    }

    @Test func `what its writer left half-written below logs replaces no whole one`() async throws {
        let engine = try await fixture.ready()
        try fixture.rename("whole", to: fixture.logs + "/last.ckpt")
        await engine.tick()
        close(try open(fixture.logs + "/last.ckpt"))
        await engine.trainerEnded(abnormally: true)
        try await engine.finish(until: nil)
        #expect(fixture.object("logs/last.ckpt") == "whole")
        #expect(fixture.object("logs/last.ckpt.partial") == "")
    }

    @Test func `a large log costs what was added to it, and is complete at the end`() async throws {
        let engine = try await fixture.ready()
        let log = try open(fixture.logs + "/train.log")
        defer { close(log) }
        #expect(ftruncate(log, 17 << 20) == 0)
        await engine.tick()
        let count = fixture.runner.commands.count
        lseek(log, 0, SEEK_END)
        for step in 1...3 {
            try append("step \(step)\n", to: log)
            await engine.tick()
        }
        #expect(fixture.runner.commands.count == count)
        #expect(try fixture.manifest().files.first?.size == 17 << 20)
        #expect(ftruncate(log, 20 << 20) == 0)
        await engine.tick()
        #expect(try fixture.manifest().files.first?.size == 20 << 20)
        lseek(log, 0, SEEK_END)
        try append("the end\n", to: log)
        try await engine.finish(until: nil)
        #expect(try fixture.manifest().files.first?.size == (20 << 20) + 8)
    }
}
