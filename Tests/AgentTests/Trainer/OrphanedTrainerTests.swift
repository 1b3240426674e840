import Shared
import TestSupport
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(10))) struct OrphanedTrainerTests {
    @Test func `a former trainer that ignores SIGTERM is ended`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let ready = directory.path + "/ready"
        let child = try PosixRunner().start(
            Command("sh", ["-c", "trap '' TERM; touch $1; while :; do sleep 1; done", "sh", ready]))
        try await Eventually.holds { exists(ready) }
        let identity = try #require(ProcessIdentity(of: child.pid))
        try await OrphanedTrainer.end(identity, grace: .milliseconds(200), clock: ContinuousClock())
        #expect(!identity.isAlive)
        #expect(await child.wait().termination == .signalled(SIGKILL))
    }

    @Test func `one that is gone costs nothing`() async throws {
        let gone = ProcessIdentity(pid: 1, startedAt: "another boot")
        let clock = ManualClock()
        try await OrphanedTrainer.end(gone, grace: .seconds(20), clock: clock)
        #expect(clock.slept.isEmpty)
    }
}
