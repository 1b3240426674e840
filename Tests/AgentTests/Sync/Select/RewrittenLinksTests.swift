import Shared
import Testing

@testable import Agent

@Suite struct RewrittenLinksTests {
    @Test func `half a file under a dead agent's link is not taken for a renamed one`() async throws
    {
        let fixture = try await leftHalf()
        try await expectPartial(fixture)
    }

    @Test func `it is still known to the agent after that`() async throws {
        let fixture = try await leftHalf()
        // Removes the link, and dies.
        try await fixture.engine().prepare()
        try await expectPartial(fixture)
    }

    /// A link of a whole file, and half of its next version in the same inode; nobody lives.
    private func leftHalf() async throws -> SyncFixture {
        let fixture = try SyncFixture()
        let path = fixture.output + "/model.pt"
        try fixture.rename("whole", to: path)
        let dead = try await fixture.ready()
        fixture.runner.isFailing = true
        await dead.tick()
        #expect(await dead.keptTree?.item("output/model.pt")?.frozen.method == .link)
        usleep(10_000)
        try fixture.write("ha", to: path)
        fixture.runner.isFailing = false
        return fixture
    }

    private func expectPartial(_ fixture: SyncFixture) async throws {
        let next = try fixture.engine()
        await next.trainerEnded(abnormally: true)
        _ = try await next.restore()
        try await next.finish(until: nil)
        #expect(fixture.object("output/model.pt") == nil)
        #expect(fixture.object("output/model.pt.partial") == "ha")
    }

    @Test func `what a living trainer has closed before its agent came back is whole`() async throws
    {
        let fixture = try SyncFixture()
        try fixture.write("closed", to: fixture.output + "/closed.bin")
        let descriptor = open(fixture.output + "/open.bin", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        try AtomicFile.writeAll(Data("half".utf8), to: descriptor, path: "open.bin")
        let engine = try fixture.engine()
        await engine.observe()
        close(descriptor)
        await engine.trainerEnded(abnormally: true)
        _ = try await engine.restore()
        try await engine.finish(until: nil)
        #expect(fixture.object("output/closed.bin") == "closed")
        #expect(fixture.object("output/open.bin") == nil)
        #expect(fixture.object("output/open.bin.partial") == "half")
    }
}
