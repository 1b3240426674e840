import Shared
import Testing

@testable import Agent

/// A name that was a file becomes a directory, and the other way round.
@Suite struct PathConflictsTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    private func makeFile() throws { try fixture.rename("file", to: fixture.output + "/ckpt") }

    private func makeDirectory() throws {
        try fixture.rename("a", to: fixture.output + "/ckpt/a.pt")
        try fixture.rename("b", to: fixture.output + "/ckpt/deep/b.pt")
    }

    private static let inDirectory = ["output/ckpt/a.pt", "output/ckpt/deep/b.pt"]

    /// What a new machine gets.
    private func restored() async throws -> [String] {
        removeTree(fixture.machine)
        for directory in [fixture.output, fixture.logs, fixture.run] {
            try makeDirectories(directory)
        }
        _ = try await fixture.ready()
        return try FileManager.default.subpathsOfDirectory(atPath: fixture.output).sorted()
    }

    @Test func `a directory takes a file's place`() async throws {
        try makeFile()
        let engine = try await fixture.ready()
        await engine.tick()
        unlink(fixture.output + "/ckpt")
        try makeDirectory()
        await engine.tick()
        #expect(fixture.record.lastError == nil)
        #expect(try fixture.manifest().files.map(\.path) == Self.inDirectory)
        #expect(fixture.told(.warning).count == 1)
        try await engine.finish(until: nil)
        #expect(try fixture.manifest().final)
        #expect(try await restored() == ["ckpt", "ckpt/a.pt", "ckpt/deep", "ckpt/deep/b.pt"])
    }

    @Test func `a file takes a directory's place`() async throws {
        try makeDirectory()
        let engine = try await fixture.ready()
        await engine.tick()
        removeTree(fixture.output + "/ckpt")
        try makeFile()
        await engine.tick()
        #expect(fixture.record.lastError == nil)
        #expect(try fixture.manifest().files.map(\.path) == ["output/ckpt"])
        #expect(try await restored() == ["ckpt"])
    }

    @Test func `a transfer that gave no answer may have taken the place`() async throws {
        try makeFile()
        let engine = try await fixture.ready()
        fixture.runner.isFailing = true
        await engine.tick()
        fixture.runner.isFailing = false
        // As far as we know it failed.
        try fixture.write("file", to: fixture.bucket + "/output/ckpt")
        unlink(fixture.output + "/ckpt")
        try makeDirectory()
        await engine.tick()
        #expect(fixture.record.lastError == nil)
        #expect(try fixture.manifest().files.map(\.path) == Self.inDirectory)
    }

    @Test func `so may one that died with its agent`() async throws {
        try makeFile()
        _ = try await fixture.ready()
        try fixture.write("file", to: fixture.bucket + "/output/ckpt")
        unlink(fixture.output + "/ckpt")
        try makeDirectory()
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(fixture.record.lastError == nil)
        #expect(try fixture.manifest().files.map(\.path) == Self.inDirectory)
    }

    @Test func `so may one of a machine that is gone, after its last manifest`() async throws {
        try fixture.rename("x", to: fixture.output + "/other")
        try await fixture.ready().tick()
        try fixture.write("file", to: fixture.bucket + "/output/ckpt")
        try fixture.write("b", to: fixture.bucket + "/output/other.d/b")
        _ = try await restored()
        try makeDirectory()
        try fixture.rename("x", to: fixture.output + "/other.d")
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(fixture.record.lastError == nil)
        let listed = Self.inDirectory + ["output/other", "output/other.d"]
        #expect(try fixture.manifest().files.map(\.path) == listed)
        #expect(try await restored().contains("ckpt/deep/b.pt"))
    }

    @Test func `what is beside it stays`() async throws {
        try fixture.rename("x", to: fixture.output + "/ckpt.pt")
        try fixture.rename("x", to: fixture.output + "/gone/old")
        let engine = try await fixture.ready()
        await engine.tick()
        removeTree(fixture.output + "/gone")
        try makeDirectory()
        await engine.tick()
        #expect(
            try fixture.manifest().files.map(\.path)
                == ["output/ckpt.pt"] + Self.inDirectory + ["output/gone/old"])
    }
}
