import Shared
import TestSupport
import Testing

/// A rented cloud on this machine: Terraform with the stand-in providers, the emulated stores, and
/// a gcloud that knows what lives in the toy cloud.
struct CloudFixture {
    let laptop: LauncherFixture
    let store: Emulator
    let environment: [String: String?]
    let dataset: String

    static let needs: Comment =
        "needs terraform, gsutil, ssh-keygen and Tests/TestCloud/terraform/requirements.txt"

    /// Whether it can be had here.
    static func canRun() async -> Bool {
        guard ["terraform", "gsutil", "ssh-keygen", "python3"].allSatisfy(isInstalled) else {
            return false
        }
        let packages = Command("python3", ["-c", "import tf, cryptography"])
        return (try? await PosixRunner().run(packages).succeeded) == true
    }

    private static let fakeTool = """
        #!/usr/bin/env python3
        import json, os, pathlib, sys
        kinds = {"instances": "google_compute_instance", "disks": "google_compute_disk",
                 "buckets": "google_storage_bucket"}
        cloud = pathlib.Path(os.environ["TFSHIM_CLOUD"])
        if "list" in sys.argv:
            kind = next((kinds[word] for word in sys.argv if word in kinds), "none")
            rows = [json.loads(path.read_text()) for path in cloud.glob(kind + "@*.json")]
            keys = ("name", "zone", "labels")
            print(json.dumps([{key: row.get(key) for key in keys} for row in rows]))
        elif "describe" in sys.argv and "instances" in sys.argv:
            name = sys.argv[sys.argv.index("describe") + 1]
            if not list(cloud.glob(f"google_compute_instance@{name}@*.json")):
                sys.exit(f"The resource 'projects/acme/zones/z/instances/{name}' was not found")
            print("RUNNING")

        """

    static func with<Result>(_ body: (CloudFixture) async throws -> Result) async throws -> Result {
        let store = try await Emulator.shared(.google)
        let dataset = try await store.makeBucket()
        try store.put(Data("1,2\n".utf8), bucket: dataset, name: "beer.csv")
        return try await LauncherFixture.with { laptop in
            let directory = laptop.scratch.path + "/cloud"
            let mirror = try await PosixRunner().output(
                of: Command(
                    "python3",
                    [
                        BuiltProducts.repository + "/Tests/TestCloud/terraform/mirror.py",
                        directory,
                    ]))
            var environment = store.environment
            environment.merge(
                try JSONDecoder().decode([String: String?].self, from: Data(mirror.utf8))
            ) { $1 }
            environment["GOOGLE_STORAGE_CUSTOM_ENDPOINT"] =
                "http://127.0.0.1:\(store.port)/storage/v1/"
            try laptop.scratch.write(fakeTool, to: "bin/gcloud", mode: 0o755)
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            environment["PATH"] = laptop.scratch.path + "/bin:" + path
            return try await body(
                CloudFixture(
                    laptop: laptop, store: store, environment: environment, dataset: dataset))
        }
    }

    var scratch: Scratch { laptop.scratch }

    /// What lives in the toy cloud, by the names of its files.
    func living() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/cloud/cloud")
            .filter { $0.hasSuffix(".json") }.sorted()
    }

    /// See Tests/TestCloud/terraform/standin/faults.py.
    func fail(_ faults: [[String: JSONValue]]) throws {
        let data = try JSONEncoder().encode(faults)
        try scratch.write(String(decoding: data, as: UTF8.self), to: "cloud/faults.json")
    }

    func command(_ words: [String]) -> Command {
        var command = laptop.command(words)
        command.environment.merge(environment) { $1 }
        return command
    }

    func train(_ words: [String]) async throws -> CommandResult {
        try await PosixRunner().run(command(words))
    }

    func startWords(_ flags: [String] = []) -> [String] {
        [
            "start", "classifier/beer", "--cloud", "gcp", "--project_name", "acme", "--code_path",
            "code", "--dataset_bucket", dataset, "--ssh_cidr", "198.51.100.7",
            "--sync_interval_seconds", "1",
        ] + flags
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

    /// Does what the machine would: the agent with the job that was made for it, in directories of
    /// this machine.
    func runAgent() async throws -> CommandResult {
        let path = try laptop.folder() + "/job.json"
        var job = try JSONFormat.decode(Job.self, from: readFile(path), name: path)
        let place = scratch.path + "/machine"
        job.directories = Job.Directories(
            work: place + "/work", code: place + "/code", dataset: place + "/dataset",
            output: place + "/output", logs: place + "/logs")
        try makeDirectories(place)
        try AtomicFile.write(JSONFormat.encode(job), to: place + "/job.json")
        var command = Command(BuiltProducts.agent, ["run", "--job", place + "/job.json"])
        command.environment = environment
        command.environment["HOME"] = .some(place)
        return try await PosixRunner().run(command)
    }
}
