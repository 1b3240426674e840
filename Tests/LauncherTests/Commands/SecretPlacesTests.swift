import Shared
import TestSupport
import Testing

@testable import Launcher

/// Where a secret is, and where it is not; who may read what a run leaves on the laptop.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct SecretPlacesTests {
    private static let value = "s3cr3t-and-long-enough"
    private let laptop: LauncherSandbox
    private let runner = RecordingRunner()

    init() throws {
        var laptop = try LauncherSandbox()
        laptop.context.runner = runner
        self.laptop = laptop
    }

    private func started() async throws -> RunHandle {
        var plan = try laptop.plan()
        plan.secrets = ["TOKEN": Self.value]
        let run = try await laptop.begin(plan)
        try await laptop.ended(run)
        return run
    }

    @Test func `a secret stands in its own file alone`() async throws {
        let run = try await started()
        #expect(await laptop.train("status", "classifier/beer") == 0)
        #expect(await laptop.train("list", "--json") == 0)
        var holders: [String] = []
        let files = try TreeScan(of: laptop.scratch.path).files
        #expect(files.contains { $0.path.hasSuffix("/secrets.json") })
        for file in files {
            let data = try readFile(file.source, limit: 64 << 20)
            if data.firstRange(of: Data(Self.value.utf8)) != nil { holders.append(file.path) }
        }
        #expect(holders.map { fileName(of: $0) } == ["secrets.json"])
        for command in runner.commands {
            #expect(!command.arguments.contains { $0.contains(Self.value) })
            #expect(command.input != .data(Data(Self.value.utf8)))
        }
        #expect(!laptop.heard.outputs.contains(Self.value))
        #expect(!laptop.heard.errors.contains(Self.value))
        #expect(
            await laptop.train("finish", "classifier/beer", "--destination", laptop.collected) == 0)
        #expect(!exists(run.folder.secrets))
        for file in try TreeScan(of: laptop.collected).files {
            let data = try readFile(file.source, limit: 64 << 20)
            #expect(data.firstRange(of: Data(Self.value.utf8)) == nil, "\(file.path)")
        }
    }

    @Test func `no file of a run is another user's to read, whatever the umask`() async throws {
        let before = umask(0)
        defer { umask(before) }
        let run = try await started()
        let runs = try laptop.context.state.runsDirectory()
        var open: [String] = []
        func look(_ path: String) {
            var information = stat()
            guard lstat(path, &information) == 0 else { return }
            if information.st_mode & 0o077 != 0 { open.append(path) }
        }
        for path in [parentDirectory(runs), runs, run.folder.path] { look(path) }
        // What the agent writes lies behind the folder's own mode.
        let names = try FileManager.default.contentsOfDirectory(atPath: run.folder.path)
        for name in names where name != "bucket" { look("\(run.folder.path)/\(name)") }
        #expect(open == [])
    }

    @Test func `an argument that looks like a secret is warned of, and not repeated`() async throws
    {
        #expect(
            await laptop.start(["--dry_run", "--", "--hf_token", Self.value, "--epochs", "5"]) == 0,
            "\(laptop.heard.errors)")
        #expect(laptop.heard.errors.contains("--hf_token: looks like a secret"))
        #expect(!laptop.heard.errors.contains(Self.value))
        #expect(!laptop.heard.errors.contains("--epochs"))
    }

    @Test func `Terraform's state in the dataset's bucket is refused`() throws {
        var plan = try laptop.plan()
        func refused(_ dataset: String, _ state: String?) throws -> Bool {
            plan.dataset = .bucket(try StoreURL(parsing: dataset))
            plan.stateBucketName = state
            do {
                try plan.refuseSharedBucket()
                return false
            } catch let failure as Failure {
                return failure.exit == ExitCode.usage.rawValue
            }
        }
        #expect(try refused("gs://team/data", "team"))
        #expect(try refused("gs://team/data", "gs://team/state"))
        #expect(try refused("s3://team", "team/state"))
        #expect(try refused("az://account/box/data", "account/box/state"))
        #expect(try !refused("az://account/box/data", "account/state"))
        #expect(try !refused("gs://team-data", "team-state"))
        #expect(try !refused("gs://team", nil))
    }
}
