import Shared
import TestSupport
import Testing

extension CloudTests {
    /// What a cloud refuses, and what is looked at without making anything.
    @Suite(.enabled(CloudTests.googleNeeds) { await StandInCloud.gcp.missing() == nil })
    struct CloudRefusalTests {
        @Test(arguments: [
            ("quota", "quota does not allow"), ("forbidden", "the cloud forbids this"),
            ("api_disabled", "Compute Engine API is not enabled"),
            ("stockout", "is free now in us-central1-a, us-central1-b, us-central1-c"),
            ("policy_address", "policy compute.vmExternalIpAccess forbids this"),
        ])
        func `a refusal is one readable error, and nothing is left of the run`(
            fault: String, words: String
        ) async throws {
            try await CloudFixture.with { cloud in
                try cloud.fail([["fault": .string(fault)]])
                let started = try await cloud.start()
                #expect(started.termination == .exited(1))
                #expect(started.errorOutput.contains("train: error: "))
                #expect(started.errorOutput.contains(words), "\(started.errorOutput)")
                #expect(started.errorOutput.contains("hint: "))
                #expect(try await cloud.living() == [])
                let left = try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs)
                #expect(left == [])
            }
        }

        @Test func `a zone without the machine is named, and the next one is taken`() async throws {
            try await CloudFixture.with { cloud in
                try cloud.fail([
                    ["fault": "stockout", "match": .object(["zone": "us-central1-a"])]
                ])
                let started = try await cloud.start(["--zones", "us-central1-a,us-central1-b"])
                #expect(started.succeeded, "\(started.errorOutput)")
                let news = "us-central1-a has no g2-standard-8 free now; trying us-central1-b"
                #expect(started.errorOutput.contains(news))
                #expect(started.output.contains("in us-central1-b"))
                let finished = try await cloud.finishByForce()
                #expect(finished.succeeded, "\(finished.errorOutput)")
                #expect(try await cloud.living() == [])
            }
        }

        /// Of all zones of the dataset's region, the one that the cloud names is taken next.
        @Test func `without zones the cloud's own advice is followed`() async throws {
            try await CloudFixture.with { cloud in
                try cloud.fail(
                    ["a", "b", "c"].map { zone in
                        [
                            "fault": "stockout_with_advice",
                            "match": .object(["zone": .string("us-central1-\(zone)")]),
                        ]
                    })
                let started = try await cloud.start()
                #expect(started.succeeded, "\(started.errorOutput)")
                #expect(started.output.contains("in us-central1-f"))
                #expect(!started.errorOutput.contains("trying us-central1-b"))
                #expect(try await cloud.finishByForce().succeeded)
                #expect(try await cloud.living() == [])
            }
        }

        @Test func `another region is taken where it is named, and the buckets stay`() async throws
        {
            try await CloudFixture.with { cloud in
                try cloud.fail(
                    ["a", "b", "c", "f"].map { zone in
                        [
                            "fault": "stockout",
                            "match": .object(["zone": .string("us-central1-\(zone)")]),
                        ]
                    })
                let started = try await cloud.start(["--regions", "us-central1,us-east1"])
                #expect(started.succeeded, "\(started.errorOutput)")
                #expect(started.output.contains("in us-east1-b"))
                #expect(started.errorOutput.contains("the dataset is in us-central1"))
                let done = cloud.scratch.read("cloud/operations.jsonl") ?? ""
                let removed = done.split(separator: "\n").filter { $0.contains("\"delete\"") }
                #expect(!removed.contains { $0.contains("google_storage_bucket\"") })
                #expect(try await cloud.finishByForce().succeeded)
                #expect(try await cloud.living() == [])
            }
        }

        @Test func `a role that arrives late is waited for`() async throws {
            if let reason = await StandInCloud.azure.missing() {
                try Test.cancel("skipped: \(reason)")
            }
            try await CloudFixture.with(.azure) { cloud in
                // Code and agent, twice each.
                try cloud.fail([
                    ["fault": "role_on_its_way", "type": "azurerm_storage_blob", "times": 4]
                ])
                let started = try await cloud.start()
                #expect(started.succeeded, "\(started.errorOutput)")
                let waits = started.errorOutput.components(
                    separatedBy: "does not let this login write")
                #expect(waits.count == 3, "\(started.errorOutput)")
                let finished = try await cloud.finishByForce()
                #expect(finished.succeeded, "\(finished.errorOutput)")
                #expect(try await cloud.living() == [])
            }
        }

        @Test func `a dry run shows everything and leaves nothing`() async throws {
            try await CloudFixture.with { cloud in
                let result = try await cloud.start(["--dry_run", "--zones", "us-central1-c"])
                #expect(result.succeeded, "\(result.errorOutput)")
                for word in [
                    "google_compute_instance.run will be created", "#cloud-config", "# job.json",
                    "\"us-central1-c\"", "198.51.100.7/32",
                    "google_storage_bucket_iam_member.run[\"dataset\"]",
                ] {
                    #expect(result.output.contains(word), "no \(word)")
                }
                let ungranted = try await cloud.start([
                    "--dry_run", "--grant_dataset_access=false",
                ])
                #expect(ungranted.output.contains("google_storage_bucket_iam_member.run[\"code\"]"))
                #expect(!ungranted.output.contains("iam_member.run[\"dataset\"]"))
                #expect(try await cloud.living() == [])
                #expect(!exists(cloud.laptop.runs))
                let done = cloud.scratch.read("cloud/operations.jsonl")
                #expect(done?.contains("\"create\"") != true)
            }
        }

        @Test func `the doctor finds what is alive without any local state`() async throws {
            try await CloudFixture.with { cloud in
                let started = try await cloud.start()
                #expect(started.succeeded, "\(started.errorOutput)")
                func doctor(state: String) async throws -> CommandResult {
                    var command = cloud.command(["doctor", "--project_name", cloud.project])
                    command.environment["XDG_STATE_HOME"] = .some(
                        cloud.scratch.path + "/" + state)
                    return try await PosixRunner().run(command)
                }
                let here = try await doctor(state: "state")
                #expect(here.succeeded, "\(here)")
                #expect(here.output.contains("remove it: train finish classifier/beer"))
                #expect(here.output.contains("✓ permissions: all that a start needs"), "\(here)")
                #expect(here.output.contains("✓ GPU quota in us-central1: NVIDIA_L4_GPUS"))
                let elsewhere = try await doctor(state: "empty")
                #expect(elsewhere.output.contains("machine train-"), "\(elsewhere.output)")
                #expect(elsewhere.output.contains("gcloud compute instances delete train-"))
                #expect(elsewhere.output.contains("✓ terraform: 1."))
                #expect(try await cloud.finishByForce().succeeded)
            }
        }
    }
}
