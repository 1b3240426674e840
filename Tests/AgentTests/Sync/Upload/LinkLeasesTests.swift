import Dispatch
import Shared
import TestSupport
import Testing

@testable import Agent

/// Programs that write into what they have renamed into place, while it is being sent by a link.
@Suite struct LinkLeasesTests {
    @Test func `who writes to what is sent by a link waits until nobody reads it`() async throws {
        let fixture = try SyncFixture()
        let path = fixture.output + "/model.pt"
        try fixture.rename("first", to: path)
        let engine = try await fixture.ready()
        let wrote = Latch()
        // A transfer that would never end, and somebody who writes meanwhile.
        fixture.runner.hang { command in
            #expect(command.arguments.contains("upload"))
            DispatchQueue.global().async {
                let descriptor = systemOpen(path, O_WRONLY | O_CLOEXEC)
                _ = [UInt8]("second".utf8).withUnsafeBytes { systemWrite(descriptor, $0) }
                close(descriptor)
                wrote.set()
            }
        }
        await engine.tick()
        #expect(wrote.isSet)
        #expect(fixture.object("output/model.pt") == "second")
        #expect(fixture.told(.warning).count == 1)
        #expect(try fixture.manifest().files.first?.crc32c == CRC32C.of(Data("second".utf8)))
    }

    #if os(Linux)
        @Test func `a writer waits for the transfer of an agent that died`() async throws {
            let fixture = try SyncFixture()
            try fixture.rename("whole", to: fixture.output + "/model.pt")
            let engine = try await fixture.ready()
            fixture.runner.isFailing = true
            await engine.tick()
            let batch = try #require(await engine.keptTree)
            let leases = LinkLeases(batch)
            #expect(leases.lost == [])
            var transfer = Command("sleep", ["1000"])
            transfer.descriptors = leases.descriptors
            transfer.environment[OrphanedTransfers.mark] = fixture.state
            let orphan = try PosixRunner().start(transfer)
            // As the kernel does for a process that is killed; no word to the transfer.
            leases.descriptors.forEach { close($0) }
            #expect(isRefused(fixture.output + "/model.pt"))
            OrphanedTransfers.end(of: fixture.state)
            #expect(await orphan.wait().termination == .signalled(SIGKILL))
            #expect(!isRefused(fixture.output + "/model.pt"))
        }

        /// Whether one who will not wait is told to (open(2), EWOULDBLOCK).
        private func isRefused(_ path: String) -> Bool {
            let descriptor = systemOpen(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            defer { if descriptor >= 0 { close(descriptor) } }
            return descriptor < 0 && errno == EWOULDBLOCK
        }
    #endif
}

extension SyncEngine {
    /// What the next attempt goes on with.
    var keptTree: StagedTree? { stager.kept }
}
