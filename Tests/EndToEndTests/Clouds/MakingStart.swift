import Shared
import TestSupport
import Testing

/// A start that has come to the machine, which takes its time.
struct MakingStart {
    let cloud: CloudFixture
    let launcher: any RunningCommand
    let said: String

    /// - Parameter onStop: what the cloud does at Ctrl-C; see standin/faults.py. AWS makes the
    ///   machine all the same, and its provider does not wait for the answer.
    init(
        _ cloud: CloudFixture, seconds: Int64, onStop: JSONValue, flags: [String] = []
    ) async throws {
        self.cloud = cloud
        let before = try await Self.machinesAsked(of: cloud)
        switch cloud.cloud {
        case .aws: try cloud.store.fail(["match": "RunInstances", "delay": .integer(seconds)])
        case .gcp, .azure:
            try cloud.fail([["fault": "slow", "delay": .integer(seconds), "on_stop": onStop]])
        }
        said = cloud.scratch.path + "/start.err"
        var command = cloud.command(cloud.startWords(flags))
        command.errorOutput = .append(path: said)
        launcher = try PosixRunner().start(command)
        try await Eventually.holds { try await Self.machinesAsked(of: cloud) > before }
    }

    /// How often the cloud was asked for a machine so far.
    private static func machinesAsked(of cloud: CloudFixture) async throws -> Int {
        let kind: String
        switch cloud.cloud {
        case .aws:
            return try cloud.store.requests(keeping: true).count {
                $0.line.hasSuffix(" RunInstances")
            }
        case .gcp: kind = "google_compute_instance"
        case .azure: kind = "azurerm_linux_virtual_machine"
        }
        let log = cloud.scratch.read("cloud/operations.jsonl") ?? ""
        return log.split(separator: "\n").count {
            $0.contains("\"create\", \"type\": \"\(kind)\"")
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
