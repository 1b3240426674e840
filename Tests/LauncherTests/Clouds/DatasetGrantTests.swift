import Shared
import TestSupport
import Testing

@testable import Launcher

/// The machine's identity reads the part of a bucket that is the dataset, and the user is told where
/// it reads more.
@Suite struct DatasetGrantTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func plan(_ dataset: String) throws -> Plan {
        var plan = try laptop.plan()
        plan.dataset = .bucket(try StoreURL(parsing: dataset))
        return plan
    }

    @Test(arguments: [
        ("gs://team/data", "gs://team", "data"), ("gs://team/data/beer", "gs://team", "data/beer"),
        ("s3://team/data", "s3://team", "data"),
        ("az://account/box/data", "az://account/box", "data"),
    ])
    func `a part of a bucket is granted alone`(
        dataset: String, whole: String, prefix: String
    ) throws {
        var plan = try plan(dataset)
        #expect(plan.datasetGrant?.whole.description == whole)
        #expect(plan.grantedPrefix == prefix)
        plan.wideGrantReason = "it cannot be"
        #expect(plan.grantedPrefix == nil)
        plan.machine.grantsDataset = false
        #expect(plan.datasetGrant == nil)
    }

    @Test(arguments: ["gs://team", "s3://team", "az://account/box"])
    func `a bucket that is the dataset is granted as it is`(dataset: String) throws {
        #expect(try plan(dataset).datasetGrant == nil)
    }

    @Test func `what cannot be narrowed is told before anything is made`() throws {
        var plan = try plan("gs://team/data")
        func said() -> String {
            let captured = CapturedConsole()
            plan.reportSecrets(to: LiveLine(terminal: .plain, write: captured.console.error))
            return captured.errors
        }
        #expect(said() == "")
        plan.wideGrantReason = "its access is not uniform"
        #expect(
            said().contains(
                "may read all of gs://team, not gs://team/data alone: its access is not uniform"))
    }

    private func reason(
        _ provider: any CloudProvider, _ plan: Plan, answer: CommandResult
    ) async -> String? {
        let runner = ScriptedRunner { command in
            #expect(
                command.arguments.prefix(4) == ["storage", "buckets", "describe", "gs://team"])
            return answer
        }
        let tool = CloudTool(provider: provider, credentialsPath: nil, runner: runner)
        return await provider.wideGrantReason(plan, asking: tool)
    }

    @Test func `Google narrows where the bucket's access is uniform`() async throws {
        var plan = try plan("gs://team/data")
        func asked(_ text: String, exit: Int32 = 0) async -> String? {
            await reason(
                GoogleProvider(), plan,
                answer: CommandResult(termination: .exited(exit), output: text))
        }
        #expect(await asked("True\n") == nil)
        #expect(await asked("False\n")?.contains("--uniform-bucket-level-access") == true)
        // Unknown: the narrow grant is tried, never the wide one.
        #expect(await asked("", exit: 1) == nil)
        plan.access = StoreAccess(tool: "gcloud")
        #expect(await asked("True\n")?.contains("--transfer_tool") == true)
    }

    @Test func `Azure narrows names that a condition can hold`() async throws {
        let answer = CommandResult(termination: .exited(0))
        #expect(
            await reason(AzureProvider(), try plan("az://a/box/data set"), answer: answer) == nil)
        #expect(
            await reason(AzureProvider(), try plan("az://a/box/it's"), answer: answer) != nil)
    }

    @Test(arguments: CloudRegistry.providers.map(\.name))
    func `Terraform is told of the part`(cloud: String) throws {
        let provider = try #require(CloudRegistry.providers.first { $0.name == cloud })
        let folder = try Scratch()
        var plan = try plan("\(provider.scheme)://account/box/data")
        plan.storeName = StoreName(random: 1)
        _ = try TerraformInputs(provider: provider, plan: plan, createdAt: Date())
            .write(
                to: RunFolder(path: folder.path),
                archive: CodeArchive(path: folder.path + "/code", bytes: 0, sha256: ""),
                publicKey: nil)
        let variables = try JSONDecoder().decode(
            [String: JSONValue].self,
            from: readFile(folder.path + "/" + TerraformInputs.variablesFile))
        let expected = provider.scheme == "az" ? "data" : "box/data"
        #expect(variables["dataset_prefix"] == .string(expected))
    }
}
