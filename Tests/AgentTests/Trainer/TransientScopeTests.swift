import Shared
import TestSupport
import Testing

@testable import Agent

@Suite struct TransientScopeTests {
    @Test func `by hand there is no scope`() {
        #expect(TransientScope.wrapped(Command("python"), name: "x", environment: [:]) == nil)
    }

    /// That systemd takes it, and keeps it, is a test of Tests/Machine.
    @Test func `under systemd the agent is told first at shutdown`() throws {
        guard isDirectory("/run/systemd/system"), geteuid() == 0 else {
            try Test.cancel("skipped: systemd does not run this machine, or we are not root")
        }
        var command = Command("/usr/local/bin/train-agent", ["keep", "r", "1", "python"])
        command.environment = ["A": "b"]
        let scoped = try #require(
            TransientScope.wrapped(command, name: "n", environment: ["INVOCATION_ID": "1"]))
        #expect(scoped.executable == "systemd-run")
        #expect(scoped.arguments.contains("--property=Before=train-agent.service"))
        #expect(scoped.arguments.suffix(5) == ["/usr/local/bin/train-agent"] + command.arguments)
        #expect(scoped.environment == command.environment)
    }
}
