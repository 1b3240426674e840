import Shared
import TestSupport
import Testing

/// A start that has come to the machine, which takes its time.
struct MakingStart {
    let cloud: CloudFixture
    let launcher: any RunningCommand
    let said: String

    /// - Parameter onStop: what the cloud does at Ctrl-C; see standin/faults.py.
    init(
        _ cloud: CloudFixture, seconds: Int64, onStop: JSONValue, flags: [String] = []
    ) async throws {
        self.cloud = cloud
        try cloud.fail([
            ["fault": "slow", "delay": .integer(seconds), "on_stop": onStop]
        ])
        said = cloud.scratch.path + "/start.err"
        var command = cloud.command(cloud.startWords(flags))
        command.errorOutput = .append(path: said)
        launcher = try PosixRunner().start(command)
        try await Eventually.holds {
            let log = cloud.scratch.read("cloud/operations.jsonl") ?? ""
            return log.contains("\"create\", \"type\": \"google_compute_instance\"")
        }
    }

    var errors: String { cloud.scratch.read("start.err") ?? "" }

    /// The launcher's Terraform.
    func terraform() async throws -> Int32 {
        let look = Command("pgrep", ["-P", "\(launcher.pid)", "-x", "terraform"])
        let text = try await PosixRunner().output(of: look)
        return try #require(Int32(text.filter(\.isNumber)))
    }

    func interrupt() { kill(launcher.pid, SIGINT) }

    /// One Ctrl-C, and its answer: signals of one kind that come at once would be one.
    func interrupt(expecting answer: String) async throws {
        interrupt()
        try await Eventually.holds { errors.contains(answer) }
    }
}
