import Shared
import TestSupport
import Testing

extension CloudTests {
    /// `train ssh` and `train stop`, with a real sshd.
    @Suite(.enabled(CloudTests.googleNeeds) { await StandInCloud.gcp.missing() == nil })
    struct CloudLoginTests {
        private static let program = CloudFixture.standIns + "/login.py"

        /// A port 22 that nobody else has: all of 127.0.0.0/8 is this computer.
        private static func freeAddress() -> String {
            let numbers = (0..<3).map { _ in Int.random(in: 2...250) }
            return "127.\(numbers[0]).\(numbers[1]).\(numbers[2])"
        }

        /// Makes the toy cloud give its machine this address.
        private func give(_ address: String, in cloud: CloudFixture) throws -> String {
            try cloud.scratch.write(
                """
                #!/bin/sh
                [ "$1 $2" = "create google_compute_instance" ] || exit 0
                echo '{"network_interface": [{"access_config": [{"nat_ip": "\(address)"}]}]}'

                """, to: "hook", mode: 0o755)
        }

        private func showKey(_ name: String, by cloud: CloudFixture) async throws {
            let path = cloud.machine + "/sshd_config"
            let text = String(decoding: try readFile(path), as: UTF8.self)
            let line = /HostKey (.*)\/[a-z0-9_]*key/
            let changed = text.replacing(line) { "HostKey \($0.1)/\(name)" }
            try AtomicFile.write(Data(changed.utf8), to: path)
            let look = Command("pgrep", ["-f", "sshd.*\(path)"])
            let found = try await PosixRunner().output(of: look)
            for pid in found.split(whereSeparator: \.isNewline) {
                kill(try #require(Int32(pid)), SIGHUP)
            }
        }

        @Test func `only the machine that the bucket vouches for is logged in to`() async throws {
            let check = try await PosixRunner().run(Command("python3", [Self.program, "--check"]))
            if !check.succeeded { try Test.cancel("skipped: \(check.lastLines(1))") }
            try await CloudFixture.with { cloud in
                let address = Self.freeAddress()
                let hook = try give(address, in: cloud)
                var start = cloud.command(cloud.startWords(["--", "--seconds", "600"]))
                start.environment["TFSHIM_HOOK"] = .some(hook)
                let started = try await PosixRunner().run(start)
                #expect(started.output.contains(address), "\(started)")

                func ssh(_ words: String...) async throws -> CommandResult {
                    try await cloud.train(["ssh", "classifier/beer", "--"] + words)
                }
                let early = try await ssh("true")
                #expect(
                    early.errorOutput.contains("has not published its SSH host key yet"), "\(early)"
                )

                var command = Command("python3", [Self.program, "gcp", cloud.machine, address])
                command.environment = cloud.environment
                let machine = try PosixRunner().start(command)
                try await Eventually.holds {
                    try await cloud.train(["status", "classifier/beer"]).output.contains(
                        "training")
                }

                let words = try await ssh("printf", "%s|", "it's one", "$HOME;")
                #expect(words.output == "it's one|$HOME;|", "\(words)")
                #expect(try await ssh("exit", "7").termination == .exited(7))

                // The connection that the commands share was made with the true key.
                let sockets = cloud.scratch.path + "/train-ssh-\(geteuid())"
                try FileManager.default.removeItem(atPath: sockets)
                try await showKey("impostor_key", by: cloud)
                try await Eventually.holds {
                    let refused = try await ssh("echo", "logged in")
                    return refused.termination == .exited(255)
                        && refused.errorOutput.contains("Host key verification failed")
                }

                // An impostor hears nothing of a stop: the bucket, which it cannot write, takes it.
                let around = try await cloud.train(["stop", "classifier/beer"])
                #expect(around.output.contains("is asked to stop through its bucket"), "\(around)")
                #expect(
                    around.errorOutput.contains("\(address) has another SSH host key"),
                    "\(around)")

                try await showKey("ssh_host_ed25519_key", by: cloud)
                // The agent may have read the bucket by now.
                try await Eventually.holds {
                    let stopped = try await cloud.train(["stop", "classifier/beer"])
                    return stopped.output.contains("is asked to stop; collect")
                        || stopped.output.contains("does not run")
                }
                _ = await machine.wait()

                let finished = try await cloud.finish(["--wait"])
                #expect(finished.output.contains("classifier/beer: stopped"), "\(finished)")
                #expect(exists(try cloud.laptop.collection() + "/output/ready"))
                #expect(try await cloud.living() == [])
            }
        }
    }
}
