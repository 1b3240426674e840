import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// The zones that are tried where the user names none. The tools' answers are as the real ones print
/// them.
@Suite struct ZoneChoiceTests {
    private func choice(
        _ provider: any CloudProvider, notes: CapturedConsole = CapturedConsole(),
        answer: @escaping @Sendable (Command) -> CommandResult?
    ) throws -> (ZoneChoice, ScriptedRunner) {
        let runner = ScriptedRunner(answer)
        let choice = ZoneChoice(
            provider: provider,
            tool: CloudTool(provider: provider, credentialsPath: nil, runner: runner),
            place: CloudPlace(
                project: "p", region: provider.region(of: provider.defaultZone)),
            isInstalled: { _ in true }, note: { notes.console.error($0) })
        return (choice, runner)
    }

    private static func google(
        bucket: String, zones: [String]
    ) -> @Sendable (Command) -> CommandResult? {
        { command in
            if command.arguments.contains("buckets") { return said(bucket + "\n") }
            guard let filter = command.arguments.first(where: { $0.hasPrefix("--filter=") }) else {
                return nil
            }
            let region = filter.firstMatch(of: /zone ~ \^([a-z0-9-]+)-$/).map { String($0.1) }
            return said(
                zones.filter { $0.hasPrefix(region ?? "") }.joined(separator: "\n"))
        }
    }

    @Test(arguments: [
        ("US-CENTRAL1", ["us-central1-a", "us-central1-b"]), ("EUROPE-WEST4", ["europe-west4-a"]),
        // A bucket that lies in several regions.
        ("EU", ["europe-west4-a"]), ("NAM4", ["us-central1-a", "us-central1-b"]),
        // What does not read leaves the cloud's own default.
        ("", ["us-central1-a", "us-central1-b"]),
    ])
    func `a run stays in its dataset's region`(bucket: String, zones: [String]) async throws {
        let all = ["us-central1-a", "us-central1-b", "europe-west4-a", "us-east1-b"]
        let (choice, _) = try choice(
            GoogleProvider(), answer: Self.google(bucket: bucket, zones: all))
        let chosen = try await choice.choose(
            for: MachineRequest(), dataset: StoreURL(parsing: "gs://beer"))
        #expect(chosen.names == zones)
        #expect(chosen.openRegions == Set(zones.map(GoogleProvider().region)))
    }

    @Test func `other regions are tried where they are named, with a word on the cost`()
        async throws
    {
        let notes = CapturedConsole()
        let (choice, _) = try choice(
            GoogleProvider(), notes: notes,
            answer: Self.google(bucket: "US-EAST1", zones: ["us-central1-a", "us-west1-b"]))
        var request = MachineRequest()
        request.regions = ["us-west1", "us-central1"]
        let chosen = try await choice.choose(
            for: request, dataset: StoreURL(parsing: "gs://beer"))
        #expect(chosen.names == ["us-west1-b", "us-central1-a"])
        #expect(notes.errors.contains("the dataset is in us-east1"))
        #expect(notes.errors.contains("per GB"))
    }

    @Test func `a region without such a machine is refused with those that have it`() async throws {
        let (choice, _) = try choice(
            GoogleProvider(),
            answer: Self.google(bucket: "EUROPE-NORTH1", zones: ["us-central1-a", "us-east1-b"]))
        let refused = await #expect(throws: Failure.self) {
            try await choice.choose(
                for: MachineRequest(), dataset: StoreURL(parsing: "gs://beer"))
        }
        #expect(
            refused?.summary == "europe-north1, where the dataset is, has no g2-standard-8")
        #expect(refused?.detail == "regions that have it: us-central1, us-east1")
        #expect(refused?.hint?.contains("--regions R") == true)
    }

    @Test func `a GPU that is attached must be in the zone as well as the machine`() async throws {
        let (choice, _) = try choice(GoogleProvider()) { command in
            if command.arguments.contains("buckets") { return said("US-CENTRAL1") }
            return command.arguments.contains("accelerator-types")
                ? said("us-central1-b\nus-central1-f\n")
                : said("us-central1-a\nus-central1-b\n")
        }
        var request = MachineRequest()
        request.gpuType = "nvidia-tesla-t4"
        let chosen = try await choice.choose(
            for: request, dataset: StoreURL(parsing: "gs://beer"))
        #expect(chosen.names == ["us-central1-b"])
    }

    @Test func `the user's own zones are taken as they are`() async throws {
        let (choice, runner) = try choice(
            GoogleProvider(), answer: Self.google(bucket: "US-CENTRAL1", zones: []))
        var request = MachineRequest()
        request.zones = ["us-central1-c"]
        let chosen = try await choice.choose(for: request, dataset: nil)
        #expect(chosen == ZoneChoice.Zones(names: ["us-central1-c"], openRegions: []))
        #expect(runner.commands.isEmpty)
    }

    @Test func `a tool that cannot answer leaves the default zone, and a note`() async throws {
        let notes = CapturedConsole()
        let (choice, _) = try choice(AmazonProvider(), notes: notes) { command in
            command.arguments.contains("get-bucket-location")
                ? said("eu-central-1\n") : refused("Unable to locate credentials")
        }
        let chosen = try await choice.choose(
            for: MachineRequest(), dataset: StoreURL(parsing: "s3://beer"))
        #expect(chosen.names == ["eu-central-1a"])
        #expect(notes.errors.contains("Unable to locate credentials"))
    }

    /// EC2 has no list of all regions: each is asked.
    @Test func `on AWS each region is asked for the refusal`() async throws {
        let (choice, runner) = try choice(AmazonProvider()) { command in
            if command.arguments.contains("get-bucket-location") { return said("None") }
            if command.arguments.contains("describe-regions") {
                return said(#"["us-east-1", "us-west-2", "eu-west-1"]"#)
            }
            let isThere = command.value(of: "--region") == "us-west-2"
            return said(isThere ? #"["us-west-2a", "us-west-2-lax-1a"]"# : "[]")
        }
        let refused = await #expect(throws: Failure.self) {
            try await choice.choose(
                for: MachineRequest(), dataset: StoreURL(parsing: "s3://beer"))
        }
        #expect(refused?.summary == "us-east-1, where the dataset is, has no g5.xlarge")
        #expect(refused?.detail == "regions that have it: us-west-2")
        #expect(runner.commands.count == 6)
    }

    @Test func `on Azure a region comes first, and closed zones are left out`() throws {
        let answer = """
            [{"location": "eastus", "zones": ["3", "1", "2"], "restrictions":
               [{"type": "Zone", "zones": ["2"]}]},
             {"location": "westus2", "zones": ["1"], "restrictions":
               [{"type": "Location", "zones": null}, {"type": "Zone", "zones": ["1"]}]},
             {"location": "CentralIndia", "zones": null, "restrictions": []}]
            """
        let zones = try AzureProvider().zones(in: answer)
        #expect(zones == ["eastus", "eastus-1", "eastus-3", "centralindia"])
    }
}
