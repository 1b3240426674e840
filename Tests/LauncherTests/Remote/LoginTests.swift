import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct LoginTests {
    private let scratch: Scratch
    private let folder: RunFolder
    private let machine: Machine

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
        machine = try Machine(terraformOutput: JSONEncoder().encode(outputs))
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

    @Test func `a host key that changed is told, and nobody is logged in`() throws {
        _ = try Login(folder: folder, machine: machine, hostKey: "ssh-ed25519 AAAA root@x")
        _ = try Login(folder: folder, machine: machine, hostKey: "ssh-ed25519 AAAA root@y")
        let failure = #expect(throws: Failure.self) {
            try Login(folder: folder, machine: machine, hostKey: "ssh-ed25519 BBBB root@x")
        }
        #expect(failure?.summary.contains("has changed since the first login") == true)
        #expect(failure?.reason == .hostKeyChanged)
        #expect(
            failure?.detail?.contains("AAAA") == true && failure?.detail?.contains("BBBB") == true)
        #expect(scratch.read("known_hosts") == "train-machine ssh-ed25519 AAAA\n")
        unlink(folder.knownHosts)
        _ = try Login(folder: folder, machine: machine, hostKey: "ssh-ed25519 BBBB root@x")
    }

    @Test func `what cannot show the machine's key is told nothing, and that is said`() async throws
    {
        let runner = ScriptedRunner { _ in
            CommandResult(
                termination: .exited(255), errorOutput: "Host key verification failed.\r\n")
        }
        let connection = SSHConnection(
            login: try Login(folder: folder, machine: machine, hostKey: "ssh-ed25519 AAAA"),
            run: try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d"),
            runner: runner)
        let request = ControlRequest(
            id: ULID(time: Date(timeIntervalSince1970: 1), random: { 1 }), by: "ann",
            time: Date(timeIntervalSince1970: 1), command: .stop)
        let calls: [() async throws -> Void] = [
            { try await connection.stopAgent() }, { try await connection.probe() },
            { try await connection.deliver(request) },
            { _ = try await connection.contents(of: "run/status.json", last: 1) },
            { _ = try await connection.read("/f", 0..<1) },
        ]
        for call in calls {
            let failure = await #expect(throws: Failure.self) { try await call() }
            #expect(failure?.reason == .hostKeyChanged, "\(failure as Any)")
            #expect(failure?.summary.contains("203.0.113.7 has another SSH host key") == true)
        }
    }

    @Test func `ssh takes a path with a percent sign as it is`() throws {
        let folder = RunFolder(path: scratch.path + "/100%h")
        try scratch.write("key", to: "100%h/ssh_key", mode: 0o600)
        let login = try Login(folder: folder, machine: machine, hostKey: "ssh-ed25519 AAAA")
        let words = login.command([], isInteractive: false).arguments
        #expect(words.contains("IdentityFile=\"\(scratch.path)/100%%h/ssh_key\""))
        #expect(words.contains("UserKnownHostsFile=\"\(scratch.path)/100%%h/known_hosts\""))
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

    @Test func `a request goes as a file, and answers come as the end of one`() async throws {
        let request = ControlRequest(
            id: ULID(time: Date(timeIntervalSince1970: 1), random: { 1 }), by: "ann",
            time: Date(timeIntervalSince1970: 1), command: .checkpoint)
        let runner = ScriptedRunner { command in
            let isMissing = command.arguments.last == "'/var/lib/train/logs/knobs.json'"
            return CommandResult(
                termination: .exited(isMissing ? 1 : 0), output: "lines\n", errorOutput: "")
        }
        let connection = SSHConnection(
            login: try Login(folder: folder, machine: machine, hostKey: "ssh-ed25519 AAAA"),
            run: try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d"),
            runner: runner)
        try await connection.deliver(request)
        let sent = try #require(runner.commands.last)
        #expect(
            Array(sent.arguments.suffix(3)) == [
                "'sudo'", "'tee'", "'/var/lib/train/work/control/\(request.id).json'",
            ])
        #expect(sent.input == .data(try JSONFormat.encode(request)))
        let events = try await connection.contents(of: "run/events.jsonl", last: 9)
        #expect(events == Data("lines\n".utf8))
        #expect(
            Array(runner.commands[1].arguments.suffix(3)) == [
                "'-c'", "'9'", "'/var/lib/train/work/run/events.jsonl'",
            ])
        #expect(try await connection.contents(of: "logs/knobs.json", last: 9) == nil)
    }
}
