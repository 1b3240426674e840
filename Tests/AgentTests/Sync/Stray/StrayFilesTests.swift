import Shared
import Testing

@testable import Agent

/// What the training writes into its code directory goes up as output does, and comes back.
@Suite struct StrayFilesTests {
    let fixture: SyncFixture

    init() throws {
        fixture = try SyncFixture(isRented: true)
        try unpack()
    }

    /// The code as an archive brings it, with what an interpreter and git leave in it.
    private func unpack() throws {
        for directory in [fixture.output, fixture.logs, fixture.run] {
            try makeDirectories(directory)
        }
        for name in ["main.py", "data.csv", ".git/HEAD", "env/pyvenv.cfg", "deep/x.py"] {
            try fixture.write("code", to: "\(fixture.code)/\(name)")
        }
    }

    private func loseMachine() throws {
        removeTree(fixture.machine)
        try unpack()
    }

    private func training(
        _ change: (inout Job.Sync) -> Void = { _ in }
    ) async throws -> SyncEngine {
        let engine = try fixture.engine(change)
        _ = try await engine.restore()
        _ = await engine.trainingBegins()
        return engine
    }

    private func stray() throws -> [String] {
        try fixture.manifest().files.map(\.path).filter { $0.hasPrefix("stray/") }
    }

    @Test func `what the training writes goes up, and nothing of the code`() async throws {
        let engine = try await training()
        try fixture.rename("weights", to: fixture.code + "/checkpoints/a.pt")
        try fixture.rename("new rows", to: fixture.code + "/data.csv")
        for name in ["__pycache__/main.pyc", ".git/index", "env/lib/x.py", ".cache/hub/y"] {
            try fixture.rename("none", to: "\(fixture.code)/\(name)")
        }
        #expect(symlink("/etc/passwd", fixture.code + "/passwd") == 0)
        #expect(symlink("checkpoints", fixture.code + "/latest") == 0)
        await engine.tick()
        #expect(fixture.object("stray/checkpoints/a.pt") == "weights")
        #expect(try stray() == ["stray/checkpoints/a.pt", "stray/data.csv"])
        #expect(fixture.record.skippedFiles == [])
        let told = fixture.told(.warning)
        #expect(told.count == 1)
        #expect(told.first?.contains("checkpoints/a.pt (7 bytes)") == true, "\(told)")
        #expect(fixture.record.stray?.files == 2)
        #expect(fixture.record.unsyncedSince == nil)
        // Launchers of former versions know neither the names nor the number.
        #expect(fixture.record.files == 0)
        struct FormerManifest: Decodable { var files: [Manifest.Entry] }
        let text = try readFile("\(fixture.bucket)/\(BucketLayout.manifest)")
        #expect(try JSONFormat.decoder().decode(FormerManifest.self, from: text).files == [])
    }

    @Test func `what its writer left half-written in the code directory goes up as partial`()
        async throws
    {
        let engine = try await training()
        try fixture.write("half", to: fixture.code + "/runs/ckpt.pt")
        await engine.trainerEnded(abnormally: true)
        try await engine.finish(until: nil)
        #expect(fixture.object("stray/runs/ckpt.pt.partial") == "half")
        #expect(fixture.object("stray/runs/ckpt.pt") == nil)
        #expect(try fixture.manifest().final)
    }

    @Test func `a new machine gets them back into its code, and sends none of it again`()
        async throws
    {
        let first = try await training()
        try fixture.rename("weights", to: fixture.code + "/checkpoints/a.pt")
        try fixture.rename("new rows", to: fixture.code + "/data.csv")
        try fixture.rename("new code", to: fixture.code + "/main.py")
        await first.tick()
        try loseMachine()
        let engine = try fixture.engine()
        #expect(try await engine.restore() == 2)
        #expect(await engine.trainingBegins())
        #expect(try readFile(fixture.code + "/checkpoints/a.pt") == Data("weights".utf8))
        #expect(try readFile(fixture.code + "/data.csv") == Data("new rows".utf8))
        // What comes out of a bucket does not decide what runs.
        #expect(try readFile(fixture.code + "/main.py") == Data("code".utf8))
        let count = fixture.runner.commands.count
        await engine.tick()
        await engine.tick()
        #expect(fixture.runner.commands.count == count)
        #expect(fixture.object("stray/main.py") == "new code")
    }

    @Test func `nothing comes back through a link of the code`() async throws {
        let first = try await training()
        try fixture.rename("weights", to: fixture.code + "/away/a.pt")
        await first.tick()
        try loseMachine()
        try makeDirectories(fixture.root.path + "/elsewhere")
        #expect(symlink(fixture.root.path + "/elsewhere", fixture.code + "/away") == 0)
        let engine = try fixture.engine()
        #expect(try await engine.restore() == 0)
        #expect(!exists(fixture.root.path + "/elsewhere/a.pt"))
    }

    @Test func `an agent that is started again knows the code from the rest`() async throws {
        let first = try await training()
        try fixture.rename("weights", to: fixture.code + "/a.pt")
        await first.tick()
        try fixture.rename("more", to: fixture.code + "/b.pt")
        let engine = try fixture.engine()
        _ = try await engine.restore()
        await engine.tick()
        #expect(try stray() == ["stray/a.pt", "stray/b.pt"])
    }

    @Test func `what is beyond the limit is named and stays, and the rest is verified`()
        async throws
    {
        let engine = try await training { $0.strayBytes = 10 }
        try fixture.rename("1234567", to: fixture.code + "/a.pt")
        await engine.tick()
        try fixture.rename("12345678", to: fixture.code + "/b.pt")
        try fixture.rename("123", to: fixture.code + "/c.pt")
        await engine.tick()
        #expect(try stray() == ["stray/a.pt", "stray/c.pt"])
        let record = try #require(fixture.record.stray)
        #expect(record.files == 3)
        #expect(record.left == [.init(path: "b.pt", bytes: 8)])
        #expect(fixture.record.unsyncedSince == nil)
        #expect(fixture.told(.warning).contains { $0.contains("beyond --stray") })
        // Room by rotation, as trainings make it.
        #expect(unlink(fixture.code + "/a.pt") == 0)
        try fixture.rename("1234567", to: fixture.code + "/d.pt")
        #expect(unlink(fixture.code + "/b.pt") == 0)
        try await engine.finish(until: nil)
        #expect(try stray() == ["stray/a.pt", "stray/c.pt", "stray/d.pt"])
        #expect(fixture.record.verified)
        #expect(fixture.record.stray?.leftFiles == 0)
    }

    @Test func `output goes before it, and counts although it fails`() async throws {
        let engine = try await training()
        try fixture.rename("stray", to: fixture.code + "/a.pt")
        try fixture.rename("output", to: fixture.output + "/b.pt")
        let bucket = fixture.bucket
        fixture.runner.isFailing = false
        // A directory in the way of the stray tree's name.
        try makeDirectories(bucket)
        try AtomicFile.write(Data(), to: bucket + "/stray")
        await engine.tick()
        #expect(fixture.record.consecutiveFailures == 1)
        #expect(try fixture.manifest().files.map(\.path) == ["output/b.pt"])
    }

    @Test func `by hand they are named at the end and stay where they are`() async throws {
        let byHand = try SyncFixture()
        try byHand.write("code", to: byHand.code + "/main.py")
        let engine = try await byHand.ready()
        _ = await engine.trainingBegins()
        try byHand.rename("weights", to: byHand.code + "/outputs/a.pt")
        await engine.tick()
        try await engine.finish(until: nil)
        #expect(byHand.object("stray/outputs/a.pt") == nil)
        let record = try #require(byHand.record.stray)
        #expect(!record.isKept)
        #expect(record.largest == [.init(path: "outputs/a.pt", bytes: 7)])
        #expect(byHand.told(.warning).contains { $0.contains("outputs/a.pt (7 bytes)") })
    }

    @Test func `what somebody edited between two calls by hand is no training's`() async throws {
        let byHand = try SyncFixture()
        try byHand.write("one", to: byHand.code + "/main.py")
        let first = try await byHand.ready()
        _ = await first.trainingBegins()
        try await first.finish(until: nil)
        try byHand.write("another", to: byHand.code + "/main.py")
        let second = try await byHand.ready()
        _ = await second.trainingBegins()
        try byHand.rename("weights", to: byHand.code + "/a.pt")
        // A restart of the trainer is no other call.
        _ = await second.trainingBegins()
        try await second.finish(until: nil)
        #expect(byHand.record.stray?.largest.map(\.path) == ["a.pt"])
    }

    @Test func `without a store too`() async throws {
        let byHand = try SyncFixture()
        let engine = try byHand.withoutStore()
        _ = await engine.trainingBegins()
        try byHand.rename("weights", to: byHand.code + "/a.pt")
        try await engine.finish(until: nil)
        #expect(byHand.record.stray?.files == 1)
        #expect(byHand.record.isOutputEmpty == true)
    }

    @Test(arguments: [true, false]) func `an empty output directory is told`(isEmpty: Bool)
        async throws
    {
        let engine = try await training()
        if !isEmpty { try fixture.rename("x", to: fixture.output + "/deep/x") }
        try await engine.finish(until: nil)
        #expect(fixture.record.isOutputEmpty == (isEmpty ? true : nil))
        #expect(fixture.told(.warning).contains { $0.contains("is empty") } == isEmpty)
    }

    @Test func `a run that never trained has no empty output`() async throws {
        let engine = try await fixture.ready()
        try await engine.finish(until: nil)
        #expect(fixture.record.isOutputEmpty == nil)
    }
}
