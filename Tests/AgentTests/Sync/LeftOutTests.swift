import Shared
import Testing

@testable import Agent

/// What of the output is not in the bucket is said, however much else there is to say.
@Suite struct LeftOutTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    @Test func `what holds something is named before links that hold nothing, and counted`()
        async throws
    {
        for number in 0..<40 {
            #expect(symlink("nothing", "\(fixture.output)/link-\(number)") == 0)
        }
        let engine = try await fixture.ready()
        await engine.tick()
        #expect(fixture.record.skippedFiles.count == 20)
        #expect(fixture.record.skippedCount == nil)
        for number in 0..<30 {
            #expect(symlink("/etc/hostname", "\(fixture.output)/model-\(number)") == 0)
        }
        await engine.tick()
        #expect(fixture.record.skippedFiles.count == 20)
        #expect(!fixture.record.skippedFiles.contains(where: RunStatus.SyncRecord.holdsNothing))
        #expect(fixture.record.skippedCount == 30)
        // One event for each that is named, and not for each of a million.
        #expect(fixture.told(.warning).count == 40)
    }

    @Test func `a file that is never closed is named, with the age of the last whole one`()
        async throws
    {
        let fixture = try SyncFixture(clock: ContinuousClock())
        let engine = try await fixture.ready { $0.intervalSeconds = 0.05 }
        let path = fixture.output + "/last.pt"
        let descriptor = systemOpen(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        var turns = 0
        while fixture.record.waitingFiles == nil, turns < 200 {
            turns += 1
            try AtomicFile.writeAll(Data("x".utf8), to: descriptor, path: path)
            await engine.tick()
            usleep(20_000)
        }
        #expect(fixture.record.waitingFiles == ["'output/last.pt': no whole one is up"])
        #expect(fixture.object("output/last.pt") == nil)
    }
}
