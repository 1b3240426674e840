import Shared
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct ProcessIdentityTests {
    @Test func `a process is known by number and start`() async throws {
        let child = try PosixRunner().start(Command("sleep", ["1000"]))
        let identity = try #require(ProcessIdentity(of: child.pid))
        #expect(identity.isAlive)
        let other = ProcessIdentity(pid: identity.pid, startedAt: identity.startedAt + "1")
        #expect(!other.isAlive)
        child.send(SIGKILL)
        _ = await child.wait()
        #expect(!identity.isAlive)
        #expect(identity.isOfThisBoot)
    }

    #if os(Linux)
        @Test func `a process of an earlier boot is known as such`() throws {
            let own = try #require(ProcessIdentity(of: getpid()))
            let earlier = ProcessIdentity(pid: own.pid, startedAt: "0" + own.startedAt)
            #expect(own.isOfThisBoot)
            #expect(!earlier.isOfThisBoot)
        }
    #endif

    @Test func `a name with spaces and parentheses is no obstacle`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let script = directory.path + "/a ) b (1"
        try AtomicFile.write(Data("#!/bin/sh\nsleep 1000\n".utf8), to: script, mode: 0o755)
        let child = try PosixRunner().start(Command(script))
        #expect(ProcessIdentity(of: child.pid) != nil)
        child.send(SIGKILL)
        _ = await child.wait()
    }
}
