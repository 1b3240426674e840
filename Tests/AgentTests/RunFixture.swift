import Shared
import TestSupport

@testable import Agent

/// A run in this process, in a directory of its own, with a directory as its store.
struct RunFixture {
    let root: TemporaryDirectory
    let context: RunContext
    private let lock: WorkLock

    var bucket: String { root.path + "/bucket" }

    /// Runs `body` and removes everything after it, whatever it throws.
    static func with(
        runner: any CommandRunner = PosixRunner(), clock: any Clock<Duration> = ContinuousClock(),
        change: (inout Job) -> Void = { _ in }, prepare: (String) throws -> Void = { _ in },
        _ body: (RunFixture) async throws -> Void
    ) async throws {
        let root = try TemporaryDirectory(prefix: "run")
        defer { root.remove() }
        for name in ["bucket", "output", "data", "code"] {
            try makeDirectories(root.path + "/" + name)
        }
        try prepare(root.path + "/bucket")
        var job = try Job.sample(
            in: root.path, output: "file://" + root.path + "/bucket", createdAt: Date())
        change(&job)
        let host = Host(runner: runner, clock: clock, log: Log(toStandardError: false))
        let (context, lock) = try RunSetup.assemble(
            job: job, host: host, stop: StopRequest(clock: clock), call: .ofJob)
        let fixture = RunFixture(root: root, context: context, lock: lock)
        defer { withExtendedLifetime(lock) {} }
        try await body(fixture)
    }
}
