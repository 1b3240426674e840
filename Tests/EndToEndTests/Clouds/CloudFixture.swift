import Shared
import TestSupport
import Testing

/// A laptop, and a rented cloud on this machine.
struct CloudFixture {
    let cloud: StandInCloud
    let laptop: LauncherFixture
    let store: Emulator
    let environment: [String: String?]
    let dataset: String
    let project: String

    static let standIns = BuiltProducts.repository + "/Tests/StandInProvider"

    static func with<Result>(
        _ cloud: StandInCloud = .gcp, _ body: (CloudFixture) async throws -> Result
    ) async throws -> Result {
        let store = try await Emulator.shared(cloud.kind)
        let dataset = try await store.makeBucket()
        try store.put(Data("1,2\n".utf8), bucket: dataset, name: "beer.csv")
        return try await LauncherFixture.with { laptop in
            let mirror = try await PosixRunner().output(
                of: Command("python3", [standIns + "/mirror.py", laptop.scratch.path + "/cloud"]))
            let told = try JSONDecoder().decode([String: String?].self, from: Data(mirror.utf8))
            let environment = store.environment.merging(told) { $1 }
                .merging(cloud.environment(of: store)) { $1 }
                // Connections of ssh that outlive a command are this fixture's alone.
                .merging(["XDG_RUNTIME_DIR": .some(laptop.scratch.path)]) { $1 }
            if let credentials = cloud.credentials {
                try laptop.scratch.write(credentials, to: "key", mode: 0o600)
            }
            return try await body(
                CloudFixture(
                    cloud: cloud, laptop: laptop, store: store, environment: environment,
                    dataset: cloud.dataset(in: dataset), project: cloud.newProject()))
        }
    }

    var scratch: Scratch { laptop.scratch }

    /// The run's name in the cloud.
    func slug() throws -> String {
        try RunName(
            cloud: cloud.rawValue, projectName: project, codeName: "classifier",
            datasetName: "beer"
        ).slug
    }

    /// What lives in the cloud: the names of the toy cloud's files, or what moto lists.
    func living() async throws -> [String] {
        guard cloud == .aws else {
            return try FileManager.default.contentsOfDirectory(
                atPath: scratch.path + "/cloud/cloud"
            ).filter { $0.hasSuffix(".json") }.sorted()
        }
        var command = Command(
            "python3", [BuiltProducts.repository + "/Tests/Emulators/amazon/resources.py"])
        command.arguments.append(try slug())
        command.environment = environment
        return try await PosixRunner().output(of: command)
            .split(whereSeparator: \.isNewline).map(String.init)
    }

    /// The machines among it.
    func machines() async throws -> [String] {
        try await living().filter {
            $0.hasPrefix("google_compute_instance@") || $0.hasPrefix("azurerm_linux_virtual")
                || $0.hasPrefix("machine ")
        }
    }

    /// As its user does, with the cloud's own tool: machines that Terraform does not know.
    func removeByHand(_ machines: [String]) async throws {
        for name in machines {
            guard cloud == .aws else {
                try FileManager.default.removeItem(atPath: "\(scratch.path)/cloud/cloud/\(name)")
                continue
            }
            var command = Command("aws", ["ec2", "terminate-instances", "--instance-ids"])
            command.arguments.append(String(name.dropFirst("machine ".count)))
            command.environment = environment
            _ = try await PosixRunner().output(of: command)
        }
    }

    /// Makes the stand-in provider fail: see Tests/StandInProvider/standin/faults.py.
    func fail(_ faults: [[String: JSONValue]]) throws {
        let data = try JSONEncoder().encode(faults)
        try scratch.write(String(decoding: data, as: UTF8.self), to: "cloud/faults.json")
    }

    // MARK: The launcher

    func command(_ words: [String]) -> Command {
        var command = laptop.command(words)
        command.environment.merge(environment) { $1 }
        return command
    }

    func train(_ words: [String]) async throws -> CommandResult {
        try await PosixRunner().run(command(words))
    }

    func startWords(_ flags: [String] = []) -> [String] {
        let key = cloud.credentials.map { _ in ["--credentials_path", scratch.path + "/key"] }
        return [
            "start", "classifier/beer", "--cloud", cloud.rawValue, "--project_name", project,
            "--code_path", "code", "--dataset_bucket", dataset, "--ssh_cidr", "198.51.100.7",
            "--sync_interval_seconds", "1",
        ] + cloud.startFlags + (key ?? []) + flags
    }

    func start(_ flags: [String] = []) async throws -> CommandResult {
        try await train(startWords(flags))
    }

    func finish(_ flags: [String] = []) async throws -> CommandResult {
        try await train(
            ["finish", "classifier/beer", "--destination", laptop.collected] + flags)
    }

    /// Kills what still runs there by the flag that says so twice.
    func finishByForce() async throws -> CommandResult {
        try await finish(["--force", "classifier/beer"])
    }

    // MARK: The machine

    var machine: String { scratch.path + "/machine" }

    /// Boots what lives in the cloud: the agent, from what Terraform sent there and nothing else.
    func boot() throws -> any RunningCommand {
        var command = Command(
            "python3", [Self.standIns + "/boot.py", cloud.rawValue, machine, "--wait", "60"])
        command.environment = environment
        command.environment["TRAIN_TEST_RUN"] = .some(try slug())
        return try PosixRunner().start(command)
    }

    /// Boots it and waits until its agent has ended.
    func runAgent() async throws -> CommandResult { try await boot().wait() }
}
