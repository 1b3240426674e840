import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// The engine's side of Benchmarks/sync, which says when to tick and measures from outside.
@Suite struct SyncBenchmarkTests {
    /// What the script asks for.
    private struct Plan: Codable {
        var url: String
        var tool: String?
        var directory: String
    }

    private static let plan = ProcessInfo.processInfo.environment["TRAIN_SYNC_BENCHMARK"]

    @Test(.enabled(if: plan != nil, "run by Benchmarks/sync/run.py"))
    func `ticks when it is told to`() async throws {
        let text = try readFile(Self.plan ?? "")
        let plan = try JSONFormat.decoder().decode(Plan.self, from: text)
        let root = plan.directory
        var job = try Job.sample(in: root, output: plan.url, createdAt: Date())
        job.code.source = root
        (job.directories.work, job.directories.code, job.directories.dataset) = (root, root, root)
        job.sync.transferTool = plan.tool
        let client = try StoreClient(
            url: StoreURL(parsing: plan.url), access: StoreAccess(tool: plan.tool),
            runner: PosixRunner())
        let records = Mutex(RunStatus.SyncRecord())
        let engine = SyncEngine(
            job: job, client: client, runDirectory: root + "/run", stateDirectory: root + "/state",
            log: Log(), clock: ContinuousClock(), now: { Date() },
            report: { record in records.withLock { $0 = record } },
            event: { kind, message, _ in if kind == .retry { print(message) } })
        _ = try await engine.restore()
        // One character asks for one tick; the end of the pipe ends.
        let asked = systemOpen(root + "/ask", O_RDONLY | O_CLOEXEC)
        let told = systemOpen(root + "/tell", O_WRONLY | O_CLOEXEC)
        var character: UInt8 = 0
        while read(asked, &character, 1) == 1 {
            await engine.tick()
            #expect(records.withLock { $0.consecutiveFailures } == 0)
            _ = withUnsafeBytes(of: character) { systemWrite(told, $0) }
        }
    }
}
