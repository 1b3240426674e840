import Shared
import TestSupport
import Testing

@testable import Agent

/// The whole agent at rest, with its status, its events and its log.
@Suite struct QuietAgentTests {
    @Test func `an agent with nothing new to send starts no process`() async throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let runner = CountingRunner()
        var job = try Job.sample(
            in: root.path, output: root.path + "/bucket", createdAt: Date())
        job.sync.intervalSeconds = 1
        for directory in [job.directories.output, root.path + "/bucket"] {
            try makeDirectories(directory)
        }
        var host = Host()
        host.runner = runner
        host.log = Log(toStandardError: false)
        let (context, lock) = try RunSetup.assemble(
            job: job, host: host, stop: StopRequest(), call: .ofJob)
        defer { withExtendedLifetime(lock) {} }
        host.log.info("begun")
        _ = try await context.engine.restore()
        try AtomicFile.write(Data("x".utf8), to: job.directories.output + "/model.pt")
        for _ in 1...4 { await context.engine.tick() }
        #expect(exists(root.path + "/bucket/output/model.pt"))
        #expect(exists(root.path + "/bucket/logs/agent.log"))
        let count = runner.commands.count
        for _ in 1...5 {
            context.board.update { $0.diskFreeBytes = 1 }
            await context.engine.tick()
        }
        #expect(runner.commands.count == count)
    }
}
