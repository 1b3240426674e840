import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct LoginTests {
    private let scratch: Scratch
    private let folder: RunFolder
    private let machine: MadeMachine

    init() throws {
        scratch = try Scratch()
        folder = RunFolder(path: scratch.path)
        try scratch.write("key", to: "ssh_key", mode: 0o600)
        let names = ["instance_name", "instance_id", "zone", "region", "project"]
        var values = Dictionary(uniqueKeysWithValues: names.map { ($0, "x") })
        values.merge(
            [
                "public_ip": "203.0.113.7", "ssh_user": "train", "console_url": "",
                "output_bucket_url": "",
            ]
        ) { $1 }
        var outputs = values.mapValues { ["value": JSONValue.string($0)] }
        outputs["billing"] = ["value": .array([])]
        machine = try MadeMachine(terraformOutput: JSONEncoder().encode(outputs))
    }

    @Test func `only the key from the bucket is trusted`() throws {
        let login = try Login(folder: folder, machine: machine, hostKey: "ssh-ed25519 AAAA root@x")
        #expect(scratch.read("known_hosts") == "train-machine ssh-ed25519 AAAA\n")
        let command = login.command(["sudo", "echo", "it's; rm *"], isInteractive: false)
        #expect(command.arguments.contains("StrictHostKeyChecking=yes"))
        #expect(command.arguments.contains("HostKeyAlias=train-machine"))
        #expect(
            Array(command.arguments.suffix(5)) == [
                "train@203.0.113.7", "--", "'sudo'", "'echo'", "'it'\\''s; rm *'",
            ])
    }

    @Test(arguments: ["", "ssh-ed25519", "nonsense AAAA", "ssh-ed25519 AAAA\n* ssh-rsa BBBB"])
    func `a host key that is none is refused`(key: String) {
        #expect(throws: Failure.self) {
            try Login(folder: folder, machine: machine, hostKey: key)
        }
    }

    @Test func `without the run's key nobody logs in`() throws {
        let empty = RunFolder(path: scratch.path + "/elsewhere")
        #expect(throws: Failure.self) {
            try Login(folder: empty, machine: machine, hostKey: "ssh-ed25519 AAAA")
        }
    }
}
