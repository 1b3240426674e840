import Shared
import TestSupport
import Testing

@testable import Launcher

/// Terraform runs the engine's provider, at its version, and no other.
@Suite(.timeLimit(.minutes(2))) struct LockedProviderTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private var folder: String { laptop.scratch.path + "/run" }
    private static let clouds: [any CloudProvider] = [
        GoogleProvider(), AmazonProvider(), AzureProvider(),
    ]

    @Test(arguments: clouds.indices)
    func `the Terraform files ask for the locked version`(index: Int) throws {
        let cloud = Self.clouds[index]
        let text = String(
            decoding: cloud.terraformFiles.flatMap(\.bytes), as: UTF8.self)
        #expect(text.contains("\"hashicorp/\(cloud.lockedProvider.name)\""))
        #expect(
            text.firstMatch(of: /\sversion = "([^"]*)"/)?.1 == cloud.lockedProvider.version[...])
        // An archive for each of Linux and macOS on both processors, at least.
        let archives = cloud.lockedProvider.hashes.filter {
            $0.wholeMatch(of: /zh:[0-9a-f]{64}/) != nil
        }
        let folders = cloud.lockedProvider.hashes.filter {
            $0.wholeMatch(of: /h1:[A-Za-z0-9+\/]{43}=/) != nil
        }
        #expect(archives.count >= 12)
        #expect(archives.count + folders.count == Set(cloud.lockedProvider.hashes).count)
    }

    @Test func `a lock of another kind is replaced, one that Terraform added to stays`() throws {
        try makeDirectories(folder)
        let provider = GoogleProvider().lockedProvider
        let lock = folder + "/" + LockedProvider.lockFile
        func kept() throws -> String { String(decoding: try readFile(lock), as: UTF8.self) }
        try AtomicFile.write(Data("provider \"evil\" {}\n".utf8), to: lock)
        try provider.write(to: folder)
        let first = try kept()
        #expect(!first.contains("evil") && first.contains("version     = \"6.50.0\""))
        let added = first.replacing("hashes = [\n", with: "hashes = [\n    \"h1:mine=\",\n")
        try AtomicFile.write(Data(added.utf8), to: lock)
        try provider.write(to: folder)
        #expect(try kept() == added)
        try AtomicFile.write(Data((added + "provider \"evil\" {}\n").utf8), to: lock)
        try provider.write(to: folder)
        #expect(try kept() == first)
    }

    // MARK: With Terraform itself

    /// A provider that leaves a marker where it runs, in a mirror of the user's own.
    private func lay(_ source: String, version: String) throws -> String {
        let platform = AgentTarget.thisMachine()
        let processor = ["x86_64": "amd64", "aarch64": "arm64"][platform.processor] ?? "arm64"
        let system = platform.system == .linux ? "linux" : "darwin"
        let name = "terraform-provider-\(fileName(of: source))_v\(version)"
        let text = "#!/bin/sh\ntouch \(laptop.scratch.path)/marker-\(fileName(of: source))\n"
        try laptop.scratch.write(
            text, to: "mirror/\(source)/\(version)/\(system)_\(processor)/\(name)", mode: 0o755)
        // Hash1 of golang.org/x/mod/sumdb/dirhash.
        let line = "\(SHA256.hex(Array(text.utf8)))  \(name)\n"
        return "h1:" + Data(SHA256.hash(Array(line.utf8))).base64EncodedString()
    }

    /// A driver on a folder whose state is elsewhere, as in a bucket, and says `state`.
    private func driver(_ state: Data, spoiled: Bool = false) throws -> TerraformDriver {
        let hash = try lay("registry.terraform.io/hashicorp/google", version: "6.50.0")
        _ = try lay("registry.terraform.io/attacker/evil", version: "1.0.0")
        let settings = try laptop.scratch.write(
            "provider_installation {\n  filesystem_mirror {\n    path = "
                + "\"\(laptop.scratch.path)/mirror\"\n  }\n}\n", to: "user.tfrc")
        try laptop.scratch.write(
            "terraform {\n  required_providers {\n    google = {\n      source = "
                + "\"hashicorp/google\"\n      version = \"6.50.0\"\n    }\n  }\n}\n",
            to: "run/main.tf")
        let place = laptop.scratch.path + "/bucket/state"
        try makeDirectories(parentDirectory(place))
        try AtomicFile.write(state, to: place)
        try Backend.write("local", ["path": .string(place)], to: folder)
        return TerraformDriver(
            directory: folder, runner: PosixRunner(), line: laptop.context.progress(),
            interrupts: laptop.context.interrupts, pluginCache: nil,
            provider: LockedProvider(
                name: "google", version: "6.50.0",
                hashes: [spoiled ? "h1:" + String(repeating: "A", count: 43) + "=" : hash]),
            hasOwnSettings: true, names: ["train-x"],
            environment: ["TF_CLI_CONFIG_FILE": settings])
    }

    private var installed: [String] {
        (try? FileManager.default.subpathsOfDirectory(atPath: folder + "/.terraform"))?
            .filter { $0.contains("evil") } ?? []
    }

    @Test(.enabled(if: isInstalled("terraform"), "terraform is not installed"))
    func `a provider that a bucket's state names is not even installed`() async throws {
        let evil = "registry.terraform.io/attacker/evil"
        let driver = try driver(TerraformStateTests.state(provider: evil, type: "evil_thing"))
        for _ in 0..<2 {
            let failure = await #expect(throws: Failure.self) { try await driver.initialise() }
            #expect(failure?.summary.contains(quoted(evil)) == true, "\(failure.debugDescription)")
        }
        let destroyed = await #expect(throws: Failure.self) {
            try await driver.destroy(waiting: true)
        }
        #expect(destroyed?.summary.contains(quoted(evil)) == true)
        #expect(installed == [])
        #expect(!exists(laptop.scratch.path + "/marker-evil"))
    }

    @Test(.enabled(if: isInstalled("terraform"), "terraform is not installed"))
    func `a good state is opened, and what is not the run's is not removed`() async throws {
        let driver = try driver(TerraformStateTests.state(attributes: #"{"id": "prod"}"#))
        try await driver.initialise()
        try await driver.initialise()
        #expect(try await driver.remaining() == ["google_compute_instance.run"])
        let failure = await #expect(throws: Failure.self) {
            try await driver.destroy(waiting: true)
        }
        #expect(failure?.summary.contains("bears no name of this run") == true)
        #expect(!exists(laptop.scratch.path + "/marker-google"))
    }

    @Test(.enabled(if: isInstalled("terraform"), "terraform is not installed"))
    func `a package of another hash is not taken`() async throws {
        let driver = try driver(TerraformStateTests.state(), spoiled: true)
        let failure = await #expect(throws: Failure.self) { try await driver.initialise() }
        #expect(failure?.detail?.contains("checksums") == true, "\(failure.debugDescription)")
    }

    // MARK: Looking

    @Test func `a look at a run of a colleague's starts no Terraform`() async throws {
        let run = try RunName(
            cloud: "gcp", projectName: "acme", codeName: "code", datasetName: "beer")
        let place = laptop.scratch.path + "/bucket/" + run.slug
        try makeDirectories(place + "/terraform")
        try AtomicFile.write(
            TerraformStateTests.state(provider: "registry.terraform.io/attacker/evil"),
            to: place + "/terraform/default.tfstate")
        var record = RunRecord(
            run: run, createdAt: Date(timeIntervalSince1970: 0), codePath: "", module: "m",
            dataset: "gs://d", output: "gs://trainabcdefghij23-output")
        record.stateBucket = "file://" + place
        record.isAttached = true
        let folder = try laptop.context.state.folder(of: run)
        try makeDirectories(folder.path)
        try Backend.write("gcs", [:], to: folder.path)
        let runner = RecordingRunner()
        var context = laptop.context
        context.runner = runner
        let cloud = TerraformCloud(context: context, provider: GoogleProvider())
        let failure = await #expect(throws: Failure.self) {
            try await cloud.recovered(
                RunHandle(record: record, folder: folder, cloud: cloud, context: context))
        }
        #expect(failure?.summary.contains("attacker/evil") == true, "\(failure.debugDescription)")
        #expect(runner.commands.allSatisfy { $0.executable != "terraform" })
    }
}
