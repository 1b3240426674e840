import Shared
import TestSupport
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(1)), .enabled(if: exists("/proc/self/stat"), "needs /proc"))
struct ProcessTableTests {
    @Test func `a process is known by number and start`() async throws {
        let child = try PosixRunner().start(Command("sleep", ["1000"]))
        let identity = try #require(ProcessTable.identity(of: child.pid))
        #expect(ProcessTable.isAlive(identity))
        let other = Journal.ProcessIdentity(
            pid: identity.pid, startTime: identity.startTime + 1)
        #expect(!ProcessTable.isAlive(other))
        child.send(SIGKILL)
        _ = await child.wait()
        #expect(!ProcessTable.isAlive(identity))
    }

    @Test func `a name with spaces and parentheses is no obstacle`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let script = directory.path + "/a ) b (1"
        try AtomicFile.write(Data("#!/bin/sh\nread line\n".utf8), to: script, mode: 0o755)
        let child = try PosixRunner().start(Command(script))
        #expect(ProcessTable.startTime(of: child.pid) != nil)
        child.send(SIGKILL)
        _ = await child.wait()
    }

    @Test func `a former trainer that ignores SIGTERM is ended`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let ready = directory.path + "/ready"
        let child = try PosixRunner().start(
            Command("sh", ["-c", "trap '' TERM; touch $1; while :; do sleep 1; done", "sh", ready]))
        try await Eventually.holds { exists(ready) }
        let identity = try #require(ProcessTable.identity(of: child.pid))
        // Reaped here, as init does it for an orphan: a zombie would look alive for ever.
        let reaped = Task { await child.wait() }
        try await ProcessTable.end(identity, grace: .milliseconds(200), clock: ContinuousClock())
        #expect(!ProcessTable.isAlive(identity))
        #expect(await reaped.value.termination == .signalled(SIGKILL))
    }
}
