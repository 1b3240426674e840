import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct MachineRequestTests {
    @Test(arguments: [
        ("us-central1-a", ["us-central1-a"]), ("a,b", ["a", "b"]),
        ("eastus-1,eastus-2", ["eastus-1", "eastus-2"]),
    ])
    func `zones are read in order`(text: String, zones: [String]) {
        #expect(ZoneList.parse(text) == zones)
    }

    @Test(arguments: ["", ",", "a,", "a,a", "a b", "A", "a;b", "a/../b"])
    func `what is no list of zones is refused`(text: String) {
        #expect(ZoneList.parse(text) == nil)
    }

    @Test(arguments: [
        ("198.51.100.7", "198.51.100.7/32"), ("10.0.0.0/8", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("none", "none"),
    ])
    func `a range of addresses is read, a bare address as itself alone`(text: String, range: String)
    {
        #expect(AddressRange.parse(text) == range)
    }

    @Test(arguments: [
        "", "any", "1.2.3", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/8/8", "::1", "01.2.3.4",
        "1.2.3.4 ", "1.2.3.+4", "1.2.3.4/+8",
    ])
    func `what is no range is refused`(text: String) {
        #expect(AddressRange.parse(text) == nil)
    }

    @Test(arguments: [
        ("1.2.3.4/0", "0.0.0.0/0"), ("203.0.113.7/24", "203.0.113.0/24"),
        ("10.20.30.40/9", "10.0.0.0/9"), ("203.0.113.7/31", "203.0.113.6/31"),
    ])
    func `a network is written by its first address, or refused with both right spellings`(
        range: String, network: String
    ) {
        let failure = #expect(throws: Failure.self) {
            try MachineRequest(sshCidr: range).checkAddresses()
        }
        #expect(failure?.exit == ExitCode.usage.rawValue)
        #expect(failure?.summary.contains("--ssh_cidr '\(range)'") == true)
        #expect(failure?.hint?.contains(network) == true)
        let address = range.split(separator: "/")[0]
        #expect(failure?.hint?.contains("\(address)/32") == true)
        #expect(failure?.hint?.contains("the whole world") == (network == "0.0.0.0/0"))
    }

    @Test(arguments: [
        "203.0.113.7/32", "203.0.113.0/24", "10.0.0.0/8", "0.0.0.0/0", "255.255.255.255/32",
        "none",
    ])
    func `a network by its first address passes`(range: String) throws {
        try MachineRequest(sshCidr: range).checkAddresses()
    }

    @Test func `the second service is asked where the first says nonsense`() async throws {
        let runner = ScriptedRunner { command in
            let isFirst = command.arguments.last == PublicAddress.services[0]
            return CommandResult(
                termination: .exited(0), output: isFirst ? "<html>" : "203.0.113.9\n")
        }
        #expect(try await PublicAddress.ask(runner: runner) == "203.0.113.9/32")
        #expect(runner.commands.count == 2)
    }

    @Test func `without an answer the flag is named`() async throws {
        let runner = ScriptedRunner { _ in CommandResult(termination: .exited(6)) }
        let failure = await #expect(throws: Failure.self) {
            try await PublicAddress.ask(runner: runner)
        }
        #expect(failure?.hint?.contains("--ssh_cidr") == true)
    }
}
