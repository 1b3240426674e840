import Shared
import TestSupport
import Testing

@testable import Launcher

/// Where each cloud keeps Terraform's state for `--state_bucket`.
@Suite struct BackendTests {
    private let run = { (cloud: String) in
        try RunName(cloud: cloud, projectName: "acme", codeName: "code", datasetName: "beer")
    }

    private func place(
        _ text: String, on cloud: any CloudProvider, key: String? = nil, locks: Bool = true
    ) throws -> BackendPlace {
        BackendPlace(
            url: try StateBucket.place(text, of: run(cloud.name), on: cloud), credentialsPath: key,
            region: "eu-west-1", locksByFile: locks)
    }

    @Test func `each run has a state of its own in the bucket`() throws {
        let google = GoogleProvider().backend(try place("gs://team/runs", on: GoogleProvider()))
        let slug = try run("gcp").slug
        #expect(google.kind == "gcs")
        #expect(
            google.settings == ["bucket": "team", "prefix": .string("runs/\(slug)/terraform")])

        let amazon = AmazonProvider().backend(try place("team", on: AmazonProvider(), key: "/key"))
        #expect(amazon.kind == "s3")
        #expect(amazon.settings["key"] == .string("\(try run("aws").slug)/terraform.tfstate"))
        #expect(amazon.settings["region"] == "eu-west-1")
        #expect(amazon.settings["use_lockfile"] == .bool(true))
        #expect(amazon.settings["shared_credentials_files"] == .array(["/key"]))

        let azure = AzureProvider().backend(try place("account/states/runs", on: AzureProvider()))
        #expect(azure.kind == "azurerm")
        #expect(azure.settings["storage_account_name"] == "account")
        #expect(azure.settings["container_name"] == "states")
        #expect(azure.settings["key"] == .string("runs/\(try run("azure").slug)/terraform.tfstate"))
    }

    @Test func `an older Terraform is not told of a lock it does not know`() throws {
        let place = try place("team", on: AmazonProvider(), locks: false)
        #expect(AmazonProvider().backend(place).settings["use_lockfile"] == nil)
    }

    @Test func `Azure's password goes into the environment, and not into the settings`() throws {
        let scratch = try Scratch()
        let key = try scratch.write(
            #"{"appId": "a", "password": "hunter2", "tenant": "t"}"#, to: "key")
        let cloud = AzureProvider()
        let environment = try cloud.backendEnvironment(credentialsPath: key, project: "p")
        #expect(environment["ARM_CLIENT_SECRET"] == "hunter2")
        #expect(environment["ARM_SUBSCRIPTION_ID"] == "p")
        let (kind, settings) = cloud.backend(try place("account/states", on: cloud, key: key))
        try Backend.write(kind, settings, to: scratch.path)
        let text = try #require(scratch.read(Backend.file))
        #expect(!text.contains("hunter2"))
        #expect(text.contains("\"use_azuread_auth\" : true"))
    }

    @Test func `a bucket of another cloud is refused by the flag's name`() throws {
        let failure = #expect(throws: Failure.self) {
            try place("s3://team", on: GoogleProvider())
        }
        #expect(failure?.summary.hasPrefix("--state_bucket: ") == true)
        #expect(failure?.exit == ExitCode.usage.rawValue)
    }

    @Test(arguments: [
        ("ssh_user", "-oProxyCommand=reboot"), ("public_ip", "203.0.113.7 -l root"),
        ("instance_id", "--endpoint-url=https://elsewhere"), ("zone", ""),
    ])
    func `the bucket slips no flag into a command here`(name: String, value: String) throws {
        var values = [
            "instance_name": "train-x", "zone": "us-central1-a", "region": "us-central1",
            "project": "acme", "public_ip": "203.0.113.7", "ssh_user": "train",
            "console_url": "https://c", "output_bucket_url": "gs://b",
            "instance_id": "/subscriptions/1/resourceGroups/train-x",
        ]
        func shared() throws -> SharedRun {
            var outputs = values.mapValues { ["value": JSONValue.string($0)] }
            outputs["billing"] = ["value": .array([])]
            var record = RunRecord(
                run: try run("gcp"), createdAt: Date(timeIntervalSince1970: 0), codePath: "/code",
                module: "m", dataset: "gs://d", output: "gs://o")
            record.machine = try Machine(terraformOutput: JSONEncoder().encode(outputs))
            return SharedRun(record, stores: "trainabcdefghij23", variables: "{}")
        }
        try shared().check(is: try run("gcp"))
        values[name] = value
        #expect(throws: Failure.self) { try shared().check(is: try run("gcp")) }
        #expect(throws: Failure.self) { try shared().check(is: try run("aws")) }
    }

    @Test func `what another computer knows never sets a run back`() throws {
        var mine = RunRecord(
            run: try run("gcp"), createdAt: Date(timeIntervalSince1970: 0), codePath: "/code",
            module: "m", dataset: "gs://d", output: "gs://o")
        mine.stage = .collected
        mine.credentialsPath = "/home/me/key.json"
        var theirs = SharedRun(mine, stores: "trainabcdefghij23", variables: "{}")
        theirs.stage = .started
        #expect(theirs.updated(mine).stage == .collected)
        let text = String(decoding: try JSONFormat.encode(theirs), as: UTF8.self)
        #expect(!text.contains("/home/me"))
    }
}
