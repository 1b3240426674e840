import Shared
import TestSupport
import Testing

@testable import Launcher

/// A cloud that is in the registry is everywhere, and no command names one.
@Suite struct CloudRegistryTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func withSample(_ body: () async throws -> Void) async throws {
        let providers =
            CloudRegistry.providers + [SampleProvider(root: laptop.scratch.path + "/stores")]
        try await CloudRegistry.$providers.withValue(providers) { try await body() }
    }

    @Test(arguments: ["start", "status", "stop", "finish", "ssh", "doctor"])
    func `help names a cloud that was added`(command: String) async throws {
        #expect(await laptop.train("help", command) == 0)
        #expect(!laptop.heard.outputs.contains("sample"))
        try await withSample {
            #expect(await laptop.train("help", command) == 0)
            #expect(laptop.heard.outputs.contains("sample, local"))
        }
    }

    @Test func `help shows the machine type that an added cloud takes`() async throws {
        try await withSample {
            #expect(await laptop.train("help", "start") == 0)
            #expect(laptop.heard.outputs.contains("moon-gpu-1"))
        }
    }

    @Test(arguments: Completion.shells)
    func `the shell completes a cloud that was added`(shell: String) async throws {
        try await withSample {
            #expect(await laptop.train("completion", shell) == 0)
            #expect(laptop.heard.outputs.contains("azure sample local"))
        }
    }

    @Test func `a cloud that is not in the registry is a mistake`() async throws {
        #expect(await laptop.train("doctor", "--cloud", "sample") == ExitCode.usage.rawValue)
        #expect(
            laptop.heard.errors.contains(
                "--cloud 'sample' is not among the clouds: gcp, aws, azure, local"))
    }

    @Test func `the doctor says what an added cloud cannot check`() async throws {
        try await withSample {
            _ = await laptop.train("doctor", "--cloud", "sample")
            // Its tool is not installed; what is asked of the tool is not checked then.
            #expect(laptop.heard.outputs.contains("! sample-tool: not installed"))
        }
    }

    @Test func `a report without listing and checks says so`() async throws {
        var provider = SampleProvider()
        provider.tool = "true"
        let doctor = CloudDoctor(
            context: laptop.context, provider: provider, address: RunAddress())
        let report = await doctor.diagnose(runs: [])
        #expect(report.resources == nil)
        let titles = report.findings.filter { $0.level == .warning }.map(\.title)
        #expect(titles.contains("account") && titles.contains("resources"))
    }

    @Test func `the words of an added cloud are understood in Terraform's errors`() async throws {
        let text = "Error: no moon machine is left"
        #expect(TerraformErrorKind(of: text) == .other)
        try await withSample {
            #expect(TerraformErrorKind(of: text) == .stockout)
            let hint = TerraformErrorKind.credentials.failure(words: "x", address: nil).hint
            #expect(hint?.contains("sample-tool login") == true)
        }
    }

    @Test func `a run on an added cloud is in the list`() async throws {
        let run = try RunName(
            cloud: "sample", projectName: "sample", codeName: "code", datasetName: "beer")
        let folder = try laptop.context.state.folder(of: run)
        try makeDirectories(folder.path)
        try folder.write(
            RunRecord(
                run: run, createdAt: Date(), codePath: "/c", module: "m", dataset: "/d",
                output: "/o"))
        #expect(await laptop.train("list") == 1)
        try await withSample {
            #expect(await laptop.train("list") == 0)
            #expect(laptop.heard.outputs.contains("code/beer"))
            #expect(laptop.heard.outputs.contains("sample"))
        }
    }

    @Test(
        .enabled(
            if: isInstalled("terraform") && isInstalled("ssh-keygen"),
            "terraform or ssh-keygen is not installed"))
    func `a dry run on an added cloud plans by its own Terraform file`() async throws {
        try await withSample {
            let code = await laptop.train(
                "start", "code/beer", "--cloud", "sample", "--code_path", laptop.code,
                "--dataset_bucket", laptop.data, "--ssh_cidr", "203.0.113.7/32", "--dry_run")
            #expect(code == 0, "\(laptop.heard.errors)")
            let text = laptop.heard.outputs
            #expect(text.contains("terraform_data.machine"))
            #expect(text.contains("moon-gpu-1"))
            #expect(text.contains("CLOUD=sample") || text.contains("#cloud-config"))
            #expect(text.contains("\"cloud\" : \"sample\""))
        }
    }

    // MARK: The sources

    /// Names of clouds, their tools and their schemes, as words or parts of identifiers.
    private static let names =
        #"(?i)\b(gcp|gcs|aws|az|gs|s3)\b|google|amazon|azure|gcloud|gsutil|rclone"#

    @Test(arguments: ["Commands", "Options"])
    func `no command or option names a cloud`(folder: String) throws {
        let names = try Regex(Self.names)
        let directory = BuiltProducts.repository + "/Sources/Launcher/" + folder
        let files = try FileManager.default.subpathsOfDirectory(atPath: directory)
            .filter { $0.hasSuffix(".swift") }
        #expect(!files.isEmpty)
        for file in files {
            let text = String(decoding: try readFile("\(directory)/\(file)"), as: UTF8.self)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated()
            {
                let found = line.firstMatch(of: names).map { String(line[$0.range]) }
                #expect(found == nil, "\(folder)/\(file):\(number + 1): \(line)")
            }
        }
    }
}
