import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

@Suite struct CloudProviderTests {
    private static let clouds = CloudRegistry.providers

    private func cloud(_ name: String) throws -> any CloudProvider {
        try #require(Self.clouds.first { $0.name == name })
    }

    @Test(arguments: [
        ("gcp", "us-central1-a", "us-central1"), ("aws", "us-east-1a", "us-east-1"),
        ("azure", "eastus-1", "eastus"), ("azure", "eastus", "eastus"),
    ])
    func `a zone's region is known`(name: String, zone: String, region: String) throws {
        #expect(try cloud(name).region(of: zone) == region)
    }

    @Test(arguments: [
        ("gcp", "beer", "gs://beer"), ("gcp", "gs://beer/part", "gs://beer/part"),
        ("aws", "beer", "s3://beer"), ("azure", "account/beer", "az://account/beer"),
        ("azure", "az://account/beer/part", "az://account/beer/part"),
    ])
    func `a dataset's bucket may go by its name alone`(
        name: String, text: String, url: String
    ) throws {
        #expect(try cloud(name).dataset(text).description == url)
    }

    @Test(arguments: [
        ("gcp", "/home/me/beer"), ("gcp", "./beer"), ("gcp", "s3://beer"), ("aws", "gs://beer"),
        ("azure", "az://account"), ("gcp", "file:///beer"), ("gcp", ""),
    ])
    func `a dataset that the machine cannot read is refused`(name: String, text: String) throws {
        let failure = #expect(throws: Failure.self) { try cloud(name).dataset(text) }
        #expect(failure?.exit == ExitCode.usage.rawValue)
    }

    @Test(arguments: [0, 1, UInt64.max, 0x0123_4567_89ab_cdef])
    func `a store's name is legal on each cloud, and is found in the output's URL`(
        random: UInt64
    ) throws {
        let name = StoreName(random: random)
        for cloud in Self.clouds {
            for part in ["code", "output"] {
                let bucket = cloud.store(part, name).bucket
                let limit = cloud.name == "azure" ? 24 : 63
                #expect((3...limit).contains(bucket.count))
                let dashes = cloud.name == "azure" ? "" : "-"
                #expect(
                    bucket.allSatisfy {
                        "abcdefghijklmnopqrstuvwxyz0123456789\(dashes)".contains($0)
                    }
                )
            }
            // For records of versions that did not keep the name.
            #expect(try StoreName(ofOutput: cloud.store("output", name)) == name)
        }
    }

    /// Bucket names are taken worldwide, and Google takes none with `google` in it.
    @Test func `two runs of one name have different stores, which say nothing of it`() throws {
        let run = try RunName(
            cloud: "aws", projectName: "aws", codeName: "googlenet", datasetName: "beer")
        let numbers = Mutex<UInt64>(0x0123_4567_89ab_cdef)
        var context = Context(environment: [:], terminal: .plain, executableDirectory: "/")
        context.random = {
            numbers.withLock { number in
                number &*= 3
                return number
            }
        }
        for provider in Self.clouds {
            let cloud = TerraformCloud(context: context, provider: provider)
            let stores = try (0..<2).map { _ in
                try cloud.output(of: run, in: RunFolder(path: "/f"), bucket: nil)
            }
            #expect(stores[0].name != stores[1].name)
            for store in stores {
                #expect(store.output.description.contains(try #require(store.name).text))
                #expect(!store.output.description.contains("google"))
            }
        }
    }

    @Test(arguments: ["", "train", "trainabcdefghij2", "trainabcdefghij23x", "-oabcdefghijk23456"])
    func `any other text is no name of stores`(text: String) {
        #expect(throws: Failure.self) { try StoreName(checking: text) }
    }

    private func machine() throws -> Machine {
        let text = """
            {"instance_name": {"value": "run"}, "instance_id": {"value": "i-1"},
             "zone": {"value": "z-a"}, "region": {"value": "z"}, "project": {"value": "p"},
             "public_ip": {"value": "203.0.113.7"}, "ssh_user": {"value": "train"},
             "console_url": {"value": "https://c"}, "output_bucket_url": {"value": "gs://b"},
             "billing": {"value": [{"what": "boot disk", "until": "finish"}]},
             "labels": {"value": {"run": "run"}}, "cloud": {"value": "gcp"}}
            """
        return try Machine(terraformOutput: Data(text.utf8))
    }

    @Test func `what bills is told with the machine`() throws {
        #expect(
            try machine().lines == [
                "machine   run in z-a, 203.0.113.7", "console   https://c",
                "billing   boot disk: until train finish",
            ])
    }

    @Test(arguments: [
        ("gcp", 0, "RUNNING\n", "", MachineState.running),
        ("gcp", 0, "STOPPING\n", "", .running),
        ("gcp", 0, "TERMINATED\n", "", .gone),
        ("gcp", 1, "", "The resource 'projects/p/zones/z-a/instances/run' was not found", .gone),
        (
            "gcp", 1, "", "The resource 'projects/p' was not found",
            .unknown("gcloud: The resource 'projects/p' was not found")
        ),
        ("aws", 0, "running\n", "", .running), ("aws", 0, "stopped\n", "", .gone),
        ("aws", 254, "", "An error occurred (InvalidInstanceID.NotFound)", .gone),
        ("azure", 0, "ProvisioningState/succeeded\nPowerState/running\n", "", .running),
        ("azure", 0, "PowerState/deallocated\n", "", .gone),
    ])
    func `the cloud's own word on a machine is understood`(
        name: String, status: Int32, output: String, error: String, expected: MachineState
    ) async throws {
        let runner = ScriptedRunner { _ in
            CommandResult(termination: .exited(status), output: output, errorOutput: error)
        }
        let tool = CloudTool(provider: try cloud(name), credentialsPath: "/key", runner: runner)
        #expect(await tool.state(of: try machine()) == expected)
        #expect(runner.commands.first?.executable == tool.provider.tool)
    }

    @Test func `a tool has minutes to stop a machine, and one for a question`() async throws {
        let runner = ScriptedRunner { _ in
            CommandResult(termination: .signalled(SIGTERM), timedOut: true)
        }
        let tool = CloudTool(provider: GoogleProvider(), credentialsPath: nil, runner: runner)
        let machine = try machine()
        let failure = await #expect(throws: Failure.self) { try await tool.stop(machine) }
        #expect(failure?.summary == "gcloud: no answer within 10m")
        #expect(await tool.state(of: machine) == .unknown("gcloud: no answer within 1m"))
    }

    @Test(arguments: [
        (
            "[{\"name\": \"m\", \"zone\": \"https://x/zones/us-central1-a\", \"status\": \"RUNNING\", "
                + "\"labels\": {\"run\": \"train-a\"}}]", "us-central1-a", "train-a"
        ),
        (
            "[{\"name\": \"m\", \"zone\": \"us-east-1a\", \"state\": \"running\", "
                + "\"tags\": [{\"Key\": \"x\", \"Value\": \"y\"}, {\"Key\": \"run\", \"Value\": \"train-a\"}]}]",
            "us-east-1a", "train-a"
        ),
        (
            "[{\"name\": \"m\", \"zone\": \"eastus\", \"tags\": {\"run\": \"train-a\"}}]", "eastus",
            "train-a"
        ),
    ])
    func `labelled resources of each cloud are read`(text: String, zone: String, run: String) throws
    {
        let resources = try ResourceQuery(kind: "machine", arguments: []).read(text)
        #expect(resources.map(\.zone) == [zone])
        #expect(resources.map(\.run) == [run])
    }

    @Test(arguments: ["", "[]", "null", "\n"])
    func `an empty answer is an empty list`(text: String) throws {
        #expect(try ResourceQuery(kind: "machine", arguments: []).read(text).isEmpty)
    }

    @Test func `only the run's own resources count as its rest`() async throws {
        let runner = ScriptedRunner { command in
            let isMachines = command.arguments.contains("instances")
            let rows =
                "[{\"name\": \"m\", \"labels\": {\"run\": \"a\"}}, {\"name\": \"n\", \"labels\": {\"run\": \"b\"}}]"
            return CommandResult(termination: .exited(0), output: isMachines ? rows : "[]")
        }
        let tool = CloudTool(provider: GoogleProvider(), credentialsPath: nil, runner: runner)
        let place = CloudPlace(project: "p", region: "r")
        #expect(try await tool.resources(of: "a", in: place).map(\.name) == ["m"])
        let search = ResourceSearch(tool: tool, listing: GoogleProvider(), place: place)
        #expect(await search.find(known: []).resources?.count == 2)
    }
}
