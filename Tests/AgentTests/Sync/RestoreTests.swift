import Shared
import Testing

@testable import Agent

@Suite struct RestoreTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    /// Fills the bucket from one machine, and gives another, empty one.
    private func loseMachine() async throws {
        try fixture.rename("weights", to: fixture.output + "/deep/model.pt")
        try fixture.write("old log\n", to: fixture.logs + "/agent.log")
        try fixture.write("{}\n", to: fixture.logs + "/metrics.jsonl")
        let engine = try await fixture.ready()
        await engine.tick()
        removeTree(fixture.root.path + "/machine")
        for directory in [fixture.output, fixture.logs, fixture.run] {
            try makeDirectories(directory)
        }
    }

    @Test func `an empty bucket restores nothing`() async throws {
        #expect(try await fixture.engine().restore() == 0)
    }

    @Test func `a new machine gets all back, with its times, and sends none of it again`()
        async throws
    {
        try await loseMachine()
        let before = try fixture.manifest()
        let engine = try fixture.engine()
        #expect(try await engine.restore() == 3)
        #expect(try readFile(fixture.output + "/deep/model.pt") == Data("weights".utf8))
        var information = stat()
        #expect(stat(fixture.output + "/deep/model.pt", &information) == 0)
        #expect(FileVersion(information).mtime == before.files.last?.mtime)
        let count = fixture.runner.commands.count
        await engine.tick()
        await engine.tick()
        #expect(fixture.runner.commands.count == count)
        try fixture.rename("more", to: fixture.output + "/more.pt")
        await engine.tick()
        #expect(try fixture.manifest().generation == before.generation + 1)
        #expect(try fixture.manifest().files.count == 4)
    }

    @Test func `a time before 1970 with parts of a second comes back as it was`() async throws {
        try fixture.rename("weights", to: fixture.output + "/model.pt")
        let time = timespec(tv_sec: -2, tv_nsec: 500_000_000)
        #expect(utimensat(AT_FDCWD, fixture.output + "/model.pt", [time, time], 0) == 0)
        let first = try await fixture.ready()
        for _ in 1...3 { await first.tick() }
        #expect(try fixture.manifest().files.first?.mtime == -1_500_000_000)
        removeTree(fixture.root.path + "/machine")
        for directory in [fixture.output, fixture.logs, fixture.run] {
            try makeDirectories(directory)
        }
        #expect(try await fixture.engine().restore() == 1)
        var information = stat()
        #expect(stat(fixture.output + "/model.pt", &information) == 0)
        #expect(FileVersion(information).mtime == -1_500_000_000)
    }

    @Test func `a new machine gets the newest whole checkpoint, and a pointer that names it`()
        async throws
    {
        for (step, names) in [(100, ["a", "b"]), (200, ["a"])] {
            for name in names {
                try fixture.rename(name, to: "\(fixture.output)/global_step\(step)/\(name).pt")
            }
        }
        try fixture.rename("x", to: fixture.output + "/c.pt.partial")
        try fixture.rename("global_step200", to: fixture.output + "/latest")
        let first = try await fixture.ready()
        for _ in 1...3 { await first.tick() }
        let before = try fixture.manifest().files.map(\.path)
        removeTree(fixture.root.path + "/machine")
        for directory in [fixture.output, fixture.logs, fixture.run] {
            try makeDirectories(directory)
        }
        let engine = try await fixture.ready()
        #expect(exists(fixture.output + "/global_step100/b.pt"))
        #expect(!exists(fixture.output + "/global_step200"))
        #expect(!exists(fixture.output + "/c.pt.partial"))
        #expect(try readFile(fixture.output + "/latest") == Data("global_step100".utf8))
        // What stayed away is still in the bucket and its manifest; the pointer there follows.
        for _ in 1...3 { await engine.tick() }
        try await engine.finish(until: nil)
        #expect(try fixture.manifest().files.map(\.path) == before)
        #expect(fixture.object("output/global_step200/a.pt") == "a")
        #expect(fixture.object("output/latest") == "global_step100")
    }

    @Test func `a log that exists by now keeps its predecessor beside it`() async throws {
        try await loseMachine()
        try fixture.write("new log\n", to: fixture.logs + "/agent.log")
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(fixture.object("logs/agent.log") == "new log\n")
        #expect(fixture.object("logs/agent.log.1") == "old log\n")
    }

    @Test func `an output file that is here already is not replaced`() async throws {
        try await loseMachine()
        try fixture.rename("newer", to: fixture.output + "/deep/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(try readFile(fixture.output + "/deep/model.pt") == Data("newer".utf8))
        #expect(fixture.object("output/deep/model.pt") == "newer")
    }

    @Test func `a restore that does not verify throws, and nothing is ever uploaded`() async throws
    {
        try await loseMachine()
        // A corrupt object of a run that has ended: nothing can be newer than its manifest.
        var manifest = try fixture.manifest()
        manifest.final = true
        try AtomicFile.write(
            JSONFormat.encode(manifest), to: fixture.bucket + "/run/manifest.json")
        try fixture.write("Weights", to: fixture.bucket + "/output/deep/model.pt")
        let engine = try fixture.engine()
        let failure = await #expect(throws: Failure.self) { try await engine.restore() }
        #expect(failure?.description.contains("'output/deep/model.pt'") == true)
        try fixture.rename("y", to: fixture.output + "/other.pt")
        try fixture.write("{}", to: fixture.run + "/status.json")
        await engine.tick()
        await engine.publish()
        #expect(fixture.object("output/other.pt") == nil)
        #expect(fixture.object("output/deep/model.pt") == "Weights")
        #expect(fixture.object("run/status.json") == "{}")
        await #expect(throws: Failure.self) { try await engine.finish(until: nil) }
        #expect(fixture.object("output/other.pt") == nil)
    }

    @Test func `an object that a broken-off sync replaced comes back as it is`() async throws {
        try await loseMachine()
        try fixture.write("newer weights", to: fixture.bucket + "/output/deep/model.pt")
        let engine = try fixture.engine()
        #expect(try await engine.restore() == 3)
        #expect(try readFile(fixture.output + "/deep/model.pt") == Data("newer weights".utf8))
        try await engine.finish(until: nil)
        let entry = try fixture.manifest().files.first { $0.path == "output/deep/model.pt" }
        #expect(entry?.size == 13)
    }

    @Test func `what no manifest names is not restored, and stays in the bucket`() async throws {
        try await loseMachine()
        try fixture.write("index", to: fixture.bucket + "/output/checkpoint/index.json")
        let engine = try fixture.engine()
        #expect(try await engine.restore() == 3)
        #expect(!exists(fixture.output + "/checkpoint"))
        #expect(fixture.object("output/checkpoint/index.json") == "index")
    }

    @Test(arguments: ["../evil", "/etc/evil", "output/../../evil", "run/status.json"])
    func `a manifest with a hostile path is refused`(path: String) async throws {
        try await loseMachine()
        var manifest = try fixture.manifest()
        manifest.files.append(Manifest.Entry(path: path, size: 0, mtime: 0, crc32c: 0))
        try AtomicFile.write(
            JSONFormat.encode(manifest), to: fixture.bucket + "/run/manifest.json")
        let engine = try fixture.engine()
        let failure = await #expect(throws: Failure.self) { try await engine.restore() }
        #expect(failure?.summary.contains("run/manifest.json") == true)
        #expect(!exists(fixture.root.path + "/machine/evil"))
    }
}
