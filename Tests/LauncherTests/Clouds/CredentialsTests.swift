import Shared
import TestSupport
import Testing

@testable import Launcher

/// The key that is given with a call, against the one of the start and the computer's own logins.
@Suite struct CredentialsTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func remember(_ cloud: String) throws -> RunFolder {
        let run = try RunName(
            cloud: cloud, projectName: "acme", codeName: "code", datasetName: "beer")
        let folder = try laptop.context.state.folder(of: run)
        try makeDirectories(folder.path)
        var record = RunRecord(
            run: run, createdAt: Date(), codePath: "/c", module: "m", dataset: "gs://d",
            output: "gs://o")
        record.credentialsPath = "/gone"
        try folder.write(record)
        return folder
    }

    private func key() throws -> String {
        try laptop.scratch.write(
            #"{"type": "service_account", "client_email": "a@b", "private_key": "k"}"#,
            to: "key.json")
    }

    @Test func `a key that is given takes the place of the one that started the run`() async throws
    {
        let folder = try remember("gcp")
        let variables = folder.path + "/" + TerraformInputs.variablesFile
        try AtomicFile.write(
            Data(#"{"credentials_path": "/gone", "zone": "z-a"}"#.utf8), to: variables)
        let key = try key()
        let runs = RunStore(context: laptop.context)
        let found = try await runs.open(RunAddress(short: "code/beer", credentialsPath: key))
        #expect(found.record.credentialsPath == key)
        let told = try JSONDecoder().decode([String: JSONValue].self, from: readFile(variables))
        #expect(told == ["credentials_path": .string(key), "zone": "z-a"])
        // And from then on without being given.
        let later = try await runs.open(RunAddress(short: "code/beer"))
        #expect(later.record.credentialsPath == key)
    }

    @Test func `the state's bucket is opened by the new key too`() async throws {
        let folder = try remember("gcp")
        var record = try folder.record()
        record.stateBucket = "gs://team/run"
        try Backend.write("gcs", ["bucket": "team", "credentials": "/gone"], to: folder.path)
        var context = laptop.context
        context.runner = ScriptedRunner { _ in
            CommandResult(termination: .exited(0), output: #"{"terraform_version": "1.11.4"}"#)
        }
        let cloud = TerraformCloud(context: context, provider: GoogleProvider())
        let key = try key()
        let run = RunHandle(record: record, folder: folder, cloud: cloud, context: context)
        _ = try await cloud.rekeyed(run, credentialsPath: key)
        let backend = String(
            decoding: try readFile(folder.path + "/" + Backend.file), as: UTF8.self)
        #expect(backend.contains("\"credentials\" : \"\(key)\""), "\(backend)")
        #expect(!backend.contains("/gone"))
    }

    @Test(arguments: ["missing", "nonsense"])
    func `a key that does not read changes nothing`(name: String) async throws {
        let folder = try remember("gcp")
        try laptop.scratch.write("no JSON", to: "nonsense")
        let path = laptop.scratch.path + "/" + name
        let runs = RunStore(context: laptop.context)
        await #expect(throws: Failure.self) {
            try await runs.open(RunAddress(short: "code/beer", credentialsPath: path))
        }
        #expect(try folder.record().credentialsPath == "/gone")
    }

    private static let logins: [(cloud: any CloudProvider, names: [String])] = [
        (GoogleProvider(), ["GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"]),
        (AmazonProvider(), ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_PROFILE"]),
        (AzureProvider(), ["ARM_USE_OIDC", "ARM_CLIENT_CERTIFICATE_PATH"]),
    ]

    @Test(arguments: logins.indices)
    func `a login of the computer's does not go before the key`(index: Int) async throws {
        let (provider, names) = Self.logins[index]
        let folder = try remember(provider.name)
        try AtomicFile.write(Data("{}".utf8), to: folder.path + "/terraform.tfstate")
        let runner = ScriptedRunner { _ in CommandResult(termination: .exited(0)) }
        var context = laptop.context
        context.runner = runner
        let cloud = TerraformCloud(context: context, provider: provider)
        var record = try folder.record()
        for key in ["/key", nil] {
            record.credentialsPath = key
            let driver = try cloud.driver(for: record, in: folder, line: context.progress())
            _ = try await driver.remaining()
            _ = try await cloud.tool(record).run([])
            for command in runner.commands.suffix(2) {
                for name in names {
                    let isUnset = command.environment[name] == .some(nil)
                    #expect(isUnset == (key != nil), "\(name) of \(command)")
                }
            }
        }
    }

    @Test(arguments: ["aws", "rclone"])
    func `nor does it for what moves the bytes`(tool: String) throws {
        let bucket = try StoreURL(parsing: "s3://bucket")
        let store = try StoreRegistry.store(
            for: bucket, access: StoreAccess(credentialsPath: "/key", tool: tool))
        let command = store.list(bucket)
        #expect(command.executable == tool)
        #expect(command.environment["AWS_ACCESS_KEY_ID"] == .some(nil))
        #expect(command.environment["AWS_SHARED_CREDENTIALS_FILE"] == "/key")
    }
}
