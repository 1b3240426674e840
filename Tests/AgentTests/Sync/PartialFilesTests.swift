import Shared
import Testing

@testable import Agent

/// What a trainer left half-written goes up as `.partial`, beside the last whole version.
@Suite struct PartialFilesTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    @Test func `what a dead trainer left half-written goes beside the whole file`() async throws {
        let path = fixture.output + "/model.pt"
        try fixture.rename("whole", to: path)
        let engine = try await fixture.ready()
        await engine.tick()
        try fixture.write("half", to: path)
        try fixture.write("half too", to: fixture.output + "/new.pt")
        try fixture.rename("whole too", to: fixture.output + "/renamed.pt")
        await engine.trainerEnded(abnormally: true)
        await engine.tick()
        try await engine.finish(until: nil)
        #expect(fixture.object("output/model.pt") == "whole")
        #expect(fixture.object("output/model.pt.partial") == "half")
        #expect(fixture.object("output/new.pt") == nil)
        #expect(fixture.object("output/new.pt.partial") == "half too")
        #expect(fixture.object("output/renamed.pt") == "whole too")
        #expect(
            fixture.record.partialFiles.sorted() == [
                "output/model.pt.partial", "output/new.pt.partial",
            ])
        #expect(
            try fixture.manifest().files.map(\.path) == [
                "output/model.pt", "output/model.pt.partial", "output/new.pt.partial",
                "output/renamed.pt",
            ])
    }

    @Test func `a new file with the inode number of the one before is whole`() async throws {
        let path = fixture.output + "/model.pt"
        try fixture.rename("one", to: path)
        let first = inode(path)
        let engine = try await fixture.ready()
        await engine.tick()
        // Where file systems give numbers anew, ext4 among them, the next but one has it again.
        for text in ["two 2", "three 3", "four 4", "five 5"] {
            try fixture.rename(text, to: path)
            if inode(path) == first { break }
        }
        await engine.trainerEnded(abnormally: true)
        try await engine.finish(until: nil)
        #expect(
            fixture.object("output/model.pt")
                == (try? readFile(path)).map { String(decoding: $0, as: UTF8.self) })
        #expect(fixture.object("output/model.pt.partial") == nil)
    }

    private func inode(_ path: String) -> UInt64 {
        var information = stat()
        return stat(path, &information) == 0 ? UInt64(information.st_ino) : 0
    }

    @Test func `an index is not whole while parts of its directory are not`() async throws {
        try fixture.write("old", to: fixture.output + "/results.bin")
        let engine = try await fixture.ready()
        for _ in 1...100 where fixture.object("output/results.bin") == nil { await engine.tick() }
        try fixture.write("older", to: fixture.output + "/results.bin")
        try fixture.rename("model", to: fixture.output + "/model.pt")
        try fixture.write("part", to: fixture.output + "/checkpoint-1/shard")
        try fixture.rename("index", to: fixture.output + "/checkpoint-1/index.json")
        await engine.trainerEnded(abnormally: true)
        try await engine.finish(until: nil)
        #expect(
            try fixture.manifest().files.map(\.path) == [
                "output/checkpoint-1/index.json.partial", "output/checkpoint-1/shard.partial",
                "output/model.pt", "output/results.bin", "output/results.bin.partial",
            ])
        #expect(fixture.object("output/results.bin") == "old")
    }

    @Test func `after a power cut a rename proves nothing`() async throws {
        try fixture.rename("one", to: fixture.output + "/model.pt")
        try fixture.rename("same", to: fixture.output + "/same.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        // As a disk comes back that lost what it was not made to keep.
        try fixture.rename("", to: fixture.output + "/model.pt")
        chmod(fixture.output + "/same.pt", 0o600)
        let next = try await fixture.ready()
        await next.trainerEnded(abnormally: true, machineDied: true)
        try await next.finish(until: nil)
        #expect(fixture.object("output/model.pt") == "one")
        #expect(fixture.object("output/model.pt.partial") == "")
        #expect(fixture.object("output/same.pt") == "same")
        #expect(fixture.object("output/same.pt.partial") == nil)
    }

    @Test func `a restarted engine still knows what was half-written`() async throws {
        try fixture.rename("whole", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        try fixture.write("half", to: fixture.output + "/model.pt")
        await engine.trainerEnded(abnormally: true)
        await engine.tick()
        let next = try await fixture.ready()
        for _ in 1...3 { await next.tick() }
        try await next.finish(until: nil)
        #expect(fixture.object("output/model.pt") == "whole")
        #expect(fixture.object("output/model.pt.partial") == "half")
        #expect(fixture.object("output/model.pt.partial.2") == nil)
    }

    @Test func `a trainer started again makes its half-written files whole`() async throws {
        let path = fixture.output + "/model.pt"
        try fixture.write("half", to: path)
        let engine = try await fixture.ready()
        await engine.trainerEnded(abnormally: true)
        await engine.tick()
        #expect(fixture.record.partialFiles == ["output/model.pt.partial"])
        #expect(fixture.record.unsyncedSince == nil)
        try fixture.rename("whole", to: path)
        await engine.tick()
        #expect(fixture.object("output/model.pt") == "whole")
        #expect(fixture.record.partialFiles == [])
    }

    @Test func `a file of the trainer's own that is called partial is not replaced`() async throws {
        try fixture.rename("own", to: fixture.output + "/a.partial")
        try fixture.write("half", to: fixture.output + "/a")
        let engine = try await fixture.ready()
        await engine.trainerEnded(abnormally: true)
        try await engine.finish(until: nil)
        #expect(fixture.object("output/a.partial") == "own")
        #expect(fixture.object("output/a.partial.2") == "half")
    }

    @Test func `what a dead trainer closed by dying is not whole, before anybody is told`()
        async throws
    {
        let engine = try await fixture.ready { $0.maxStalenessSeconds = 0 }
        try fixture.write("before", to: fixture.output + "/closed.pt")
        let program = "f=$1/half.pt; printf half > $f; exec 3>>$f; echo; exec sleep 1000"
        var command = Command("sh", ["-c", program, "sh", fixture.output])
        command.output = .capture
        let began = AsyncStream.makeStream(of: Void.self)
        let trainer = try PosixRunner().start(command) { _ in began.continuation.yield() }
        for await _ in began.stream { break }
        let identity = ProcessIdentity(of: trainer.pid)
        #expect(identity?.isRunning == true)
        engine.watch(identity)
        for _ in 1...3 { await engine.tick() }
        #expect(fixture.object("output/closed.pt") == "before")
        trainer.send(SIGKILL)
        _ = await trainer.wait()
        for _ in 1...4 { await engine.tick() }
        #expect(fixture.object("output/half.pt") == nil)
        await engine.trainerEnded(abnormally: true)
        try await engine.finish(until: nil)
        #expect(fixture.object("output/half.pt") == nil)
        #expect(fixture.object("output/half.pt.partial") == "half")
    }

    @Test func `a file that is still open at the end goes up as partial`() async throws {
        let path = fixture.output + "/model.pt"
        try fixture.write("half", to: path)
        let descriptor = systemOpen(path, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let engine = try await fixture.ready()
        try await engine.finish(until: nil)
        #expect(fixture.object("output/model.pt") == nil)
        #expect(fixture.object("output/model.pt.partial") == "half")
    }

    @Test func `what nobody leaves alone goes up beside its name in the end`() async throws {
        try fixture.rename("whole", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        try fixture.write("torn", to: fixture.output + "/model.pt")
        await engine.findUnstable("output/model.pt", times: 3)
        try await engine.finish(until: nil)
        #expect(fixture.object("output/model.pt") == "whole")
        #expect(fixture.object("output/model.pt.partial") == "torn")
        #expect(try fixture.manifest().final)
    }

    @Test(arguments: [250, 255])
    func `a half-written file with a long name goes up too`(length: Int) async throws {
        let name = String(repeating: "n", count: length - 3) + "é1"
        try fixture.write("half", to: "\(fixture.output)/\(name)")
        let engine = try await fixture.ready()
        await engine.trainerEnded(abnormally: true)
        try await engine.finish(until: nil)
        let path = try #require(fixture.manifest().files.first?.path)
        #expect(path.hasSuffix(".partial"))
        #expect(fixture.object(path) == "half")
    }
}

extension SyncEngine {
    /// As if the final sync had found the file being written to so often.
    fileprivate func findUnstable(_ path: String, times: Int) {
        for _ in 1...times { selector.recordUnstable([path]) }
    }
}
