import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// Finds the resources of runs wherever they are, and none of other people.
@Suite struct ResourceSearchTests {
    private static let subscription = "11111111-1111-1111-1111-111111111111"

    /// An account with a machine in eu-west-1.
    private func amazon(
        regions: CommandResult, refuses: String? = nil, refusesWord: String? = nil
    ) -> ScriptedRunner {
        ScriptedRunner { command in
            let words = command.arguments
            let region = command.value(of: "--region")
            if words.contains("describe-regions") { return regions }
            if region == refuses { return refused("denied by a policy") }
            if words.first == refusesWord { return refused("AccessDenied: tag:GetResources") }
            let isThere =
                region == "eu-west-1" && words.contains { $0.contains("name:InstanceId") }
            return said(
                isThere
                    ? "[{\"name\": \"i-1\", \"state\": \"running\", \"zone\": \"eu-west-1b\", "
                        + "\"tags\": [{\"Key\": \"run\", \"Value\": \"train-a\"}]}]" : "[]")
        }
    }

    private func search(_ runner: ScriptedRunner) -> ResourceSearch {
        ResourceSearch(
            tool: CloudTool(provider: AmazonProvider(), credentialsPath: nil, runner: runner),
            listing: AmazonProvider(), place: CloudPlace(project: "aws", region: "us-east-1"))
    }

    @Test func `AWS is looked at in each of its regions`() async throws {
        let runner = amazon(regions: said("[\"us-east-1\", \"eu-west-1\", \"ap-south-1\"]"))
        let found = await search(runner).find(known: ["me-central-1"])
        #expect(found.resources?.map(\.name) == ["i-1"])
        #expect(found.regions == ["ap-south-1", "eu-west-1", "me-central-1", "us-east-1"])
        #expect(found.unsearched == [])
        let machine = try #require(found.resources?.first)
        // Not in the region where the search began.
        #expect(
            AmazonProvider().removal(of: machine, in: CloudPlace(project: nil, region: "us-east-1"))
                == "aws ec2 terminate-instances --region eu-west-1 --instance-ids i-1")
    }

    @Test func `a region that is closed hides none of the others, and is named`() async {
        let runner = amazon(
            regions: said("[\"us-east-1\", \"eu-west-1\"]"), refuses: "us-east-1")
        let found = await search(runner).find(known: [])
        #expect(found.resources?.map(\.name) == ["i-1"])
        #expect(found.regions == ["eu-west-1"])
        #expect(found.unsearched.map(\.place) == ["us-east-1"])
        #expect(found.unsearched.first?.reason.contains("denied by a policy") == true)
    }

    @Test func `where the regions are a secret the known ones are looked at`() async {
        let found = await search(amazon(regions: refused("UnauthorizedOperation")))
            .find(known: ["eu-west-1"])
        #expect(found.resources?.map(\.name) == ["i-1"])
        #expect(found.regions == ["eu-west-1", "us-east-1"])
        #expect(found.unsearched.map(\.place) == ["other regions"])
    }

    @Test func `a question that is refused hides nothing of what the others find`() async {
        let runner = amazon(
            regions: said("[\"eu-west-1\"]"), refusesWord: "resourcegroupstaggingapi")
        let found = await search(runner).find(known: [])
        #expect(found.resources?.map(\.name) == ["i-1"])
        #expect(found.unsearched.map(\.place) == ["buckets in eu-west-1", "buckets in us-east-1"])
    }

    @Test func `where nothing can be looked at nothing is said to be there`() async {
        let runner = ScriptedRunner { _ in refused("Unable to locate credentials") }
        let found = await search(runner).find(known: [])
        #expect(found.resources == nil)
        #expect(found.unsearched.count == 2)
    }

    @Test func `an empty report says how far the search went`() {
        var report = DoctorReport(cloud: "aws")
        report.resources = []
        report.regions = ["eu-west-1", "us-east-1"]
        #expect(report.text(runs: []).hasSuffix("on aws (2 regions)\n"))
        report.unsearched = ["ap-south-1"]
        #expect(
            report.text(runs: []).hasSuffix("on aws (2 regions), leaving out ap-south-1\n"))
    }

    @Test func `a machine and its boot disk, of one name, are each removed by their own command`() {
        let place = CloudPlace(project: "p", region: "us-central1")
        var report = DoctorReport(cloud: "gcp")
        let kinds = ["machine", "disk"]
        let resources = kinds.map {
            LabelledResource(kind: $0, name: "train-a", zone: "z", run: "train-a")
        }
        report.resources = resources
        for resource in resources {
            report.removals[resource.key] = GoogleProvider().removal(of: resource, in: place)
        }
        let text = report.text(runs: [])
        #expect(text.contains("gcloud compute instances delete train-a --zone=z --project=p"))
        #expect(text.contains("gcloud compute disks delete train-a --zone=z --project=p"))
        let disks = ["a", "b"].map { LabelledResource(kind: "disk", name: "train-a", zone: $0) }
        #expect(disks[0].key != disks[1].key)
    }

    // MARK: A listing that shows deleted resources for minutes

    private final class Counter: Sendable {
        private let count = Mutex(0)
        /// From 0 on.
        func next() -> Int {
            count.withLock { count in
                defer { count += 1 }
                return count
            }
        }
    }

    /// An az that shows a deleted machine for so many queries.
    private func azure(listingDeleted queries: Int) -> (tool: CloudTool, runner: ScriptedRunner) {
        let asked = Counter()
        let runner = ScriptedRunner { _ in
            asked.next() < queries
                ? said("[{\"name\": \"m\", \"kind\": \"vm\", \"tags\": {\"run\": \"train-a\"}}]")
                : said("[]")
        }
        let tool = CloudTool(
            provider: AzureProvider(), credentialsPath: nil, runner: runner, clock: ManualClock())
        return (tool, runner)
    }

    private var subscribed: CloudPlace {
        CloudPlace(project: Self.subscription, region: "eastus")
    }

    @Test func `what Azure still shows a while after its deletion is no rest of a run`()
        async throws
    {
        let (tool, runner) = azure(listingDeleted: 5)
        #expect(try await tool.resources(of: "train-a", in: subscribed).isEmpty)
        #expect(runner.commands.count == 6)
    }

    @Test func `what Azure shows for minutes is the rest of a run`() async throws {
        let (tool, runner) = azure(listingDeleted: .max)
        let rest = try await tool.resources(of: "train-a", in: subscribed)
        #expect(rest.map(\.name) == ["m"])
        #expect(runner.commands.count == 13)
        let slept = (tool.clock as? ManualClock)?.slept ?? []
        #expect(slept == Array(repeating: .seconds(10), count: 12))
    }

    @Test func `the doctor waits for nobody`() async throws {
        let (tool, runner) = azure(listingDeleted: .max)
        let found = await ResourceSearch(
            tool: tool, listing: AzureProvider(), place: subscribed
        ).find(known: [])
        #expect(found.resources?.count == 1)
        #expect(found.regions.isEmpty)
        #expect(runner.commands.count == 1)
    }

    @Test func `Azure is asked in Terraform's subscription, or not at all`() async throws {
        let (tool, runner) = azure(listingDeleted: 0)
        let failure = await #expect(throws: Failure.self) {
            try await tool.resources(
                of: "train-a", in: CloudPlace(project: "azure", region: "eastus"))
        }
        #expect(failure?.summary.contains("which subscription") == true)
        #expect(runner.commands.isEmpty)

        let scratch = try Scratch()
        let key = try scratch.write(
            "{\"appId\": \"a\", \"password\": \"p\", \"tenant\": \"t\", "
                + "\"subscriptionId\": \"\(Self.subscription)\"}", to: "key")
        let place = try AzureProvider().resolved(
            CloudPlace(project: "azure", region: "eastus"), credentialsPath: key)
        #expect(place.project == Self.subscription)
        _ = try await tool.resources(of: "train-a", in: place)
        #expect(
            runner.commands.map { $0.value(of: "--subscription") } == [Self.subscription])
        let resource = LabelledResource(
            kind: "vm", name: "m", account: Self.subscription, run: "train-a")
        #expect(
            AzureProvider().removal(
                of: resource, in: CloudPlace(project: "azure", region: "eastus"))
                == "az group delete --name train-a --subscription \(Self.subscription)")
    }

    // MARK: AWS's disks and spot requests

    private func query(_ kind: String) throws -> ResourceQuery {
        let place = CloudPlace(project: nil, region: "us-east-1")
        return try #require(AmazonProvider().resourceQueries(in: place).first { $0.kind == kind })
    }

    @Test func `a disk that is being deleted does not count`() throws {
        let filter = try #require(
            try query("disk").arguments.first { $0.hasPrefix("Name=status,Values=") })
        #expect(filter == "Name=status,Values=creating,available,in-use,error")
    }

    @Test(arguments: [
        ("\"profile\": \"train-abcdefghij-classifier-beer\"", "train-abcdefghij-classifier-beer"),
        (
            "\"profile\": \"arn:aws:iam::1:instance-profile/train-abcdefghij-c-b\"",
            "train-abcdefghij-c-b"
        ),
        (
            "\"profile\": null, \"tags\": [{\"Key\": \"created-by\", \"Value\": "
                + "\"ai-training-engine\"}, {\"Key\": \"run\", \"Value\": \"train-a\"}]", "train-a"
        ),
    ])
    func `a spot request of ours is known by its profile or its tags`(
        row: String, run: String
    ) throws {
        let resources = try query("spot request").read("[{\"name\": \"sir-1\", \(row)}]")
        #expect(resources.map(\.run) == [run])
        let resource = try #require(resources.first)
        #expect(
            AmazonProvider().removal(of: resource, in: CloudPlace(project: nil, region: "x"))
                == "aws ec2 cancel-spot-instance-requests --region us-east-1 "
                + "--spot-instance-request-ids sir-1")
    }

    @Test(arguments: [
        "\"profile\": \"train-team\"", "\"profile\": \"webserver\"", "\"profile\": null",
        "\"tags\": [{\"Key\": \"run\", \"Value\": \"train-a\"}]",
    ])
    func `somebody else's spot request is left alone`(row: String) throws {
        #expect(try query("spot request").read("[{\"name\": \"sir-1\", \(row)}]").isEmpty)
    }

    @Test func `a spot machine's request is named once, before the machine that it would replace`()
        async throws
    {
        let tags =
            "\"tags\": [{\"Key\": \"created-by\", \"Value\": \"ai-training-engine\"}, "
            + "{\"Key\": \"run\", \"Value\": \"train-a\"}]"
        let runner = ScriptedRunner { command in
            let words = command.arguments.joined(separator: " ")
            let isRequest = words.contains("name:SpotInstanceRequestId")
            let isMachine = words.contains("name:InstanceId")
            let name = isRequest ? "sir-1" : "i-1"
            return said(isRequest || isMachine ? "[{\"name\": \"\(name)\", \(tags)}]" : "[]")
        }
        let tool = CloudTool(
            provider: AmazonProvider(), credentialsPath: nil, runner: runner, clock: ManualClock())
        let place = CloudPlace(project: nil, region: "us-east-1")
        let rest = try await tool.resources(of: "train-a", in: place)
        #expect(rest.map(\.name) == ["sir-1", "i-1"])
        let found = await ResourceSearch(
            tool: tool, listing: AmazonProvider(), place: place
        ).find(known: [])
        #expect(found.resources?.map(\.name) == ["sir-1", "i-1"])
    }
}
