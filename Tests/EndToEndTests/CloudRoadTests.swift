import Shared
import TestSupport
import Testing

/// The launcher's road over a rented cloud, with the real Terraform against stand-in providers.
@Suite(
    .enabled(CloudFixture.needs) { await CloudFixture.canRun() }, .serialized,
    .timeLimit(.minutes(10)))
struct CloudRoadTests {
    @Test func `a run is made, trains, comes home, and nothing of it is left`() async throws {
        try await CloudFixture.with { cloud in
            let started = try await cloud.start(["--env", "TOKEN", "--", "--files", "3"])
            #expect(started.succeeded, "\(started.errorOutput)")
            for word in ["in us-central1-a", "console   https://", "until train finish"] {
                #expect(started.output.contains(word), "\(started.output)")
            }
            // The stand-in is no machine: its metadata must hold no secret, and the job.
            let machine = try #require(
                try cloud.living().first { $0.hasPrefix("google_compute_instance@") })
            let made = try #require(cloud.scratch.read("cloud/cloud/" + machine))
            #expect(!made.contains("hunter2"))
            #expect(
                !(try #require(cloud.scratch.read("cloud/operations.jsonl"))).contains("hunter2"))

            let early = try await cloud.finish()
            #expect(early.termination == .exited(1))
            #expect(early.errorOutput.contains("still alive"))

            let trained = try await cloud.runAgent()
            #expect(trained.succeeded, "\(trained.errorOutput)")
            let status = try await cloud.train(["status", "classifier/beer"])
            #expect(status.output.contains("succeeded"), "\(status.output)")

            let finished = try await cloud.finish()
            #expect(finished.succeeded, "\(finished.errorOutput)")
            #expect(finished.output.contains("every byte checked"))
            #expect(finished.errorOutput.contains("gcp holds nothing of the run any more"))
            let log = try readFile(cloud.laptop.collection() + "/logs/train.log")
            #expect(String(decoding: log, as: UTF8.self).contains("token has 7 letters"))
            #expect(try cloud.living() == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs) == [])
        }
    }

    @Test(arguments: [
        ("quota", "quota does not allow"), ("forbidden", "the cloud forbids this"),
        ("api_disabled", "Compute Engine API is not enabled"),
        ("stockout", "is free now in us-central1-a"),
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
            #expect(try cloud.living() == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs) == [])
        }
    }

    @Test func `a zone without the machine is named, and the next one is taken`() async throws {
        try await CloudFixture.with { cloud in
            try cloud.fail([["fault": "stockout", "match": .object(["zone": "us-central1-a"])]])
            let started = try await cloud.start(["--zones", "us-central1-a,us-central1-b"])
            #expect(started.succeeded, "\(started.errorOutput)")
            #expect(
                started.errorOutput.contains(
                    "us-central1-a has no g2-standard-8 free now; trying us-central1-b"))
            #expect(started.output.contains("in us-central1-b"))
            let finished = try await cloud.finishByForce()
            #expect(finished.succeeded, "\(finished.errorOutput)")
            #expect(try cloud.living() == [])
        }
    }

    /// Begins a start and interrupts it while the machine is made.
    private func interrupted(_ cloud: CloudFixture, onStop: JSONValue) async throws -> CommandResult
    {
        try cloud.fail([["fault": "slow", "delay": 120, "on_stop": onStop]])
        let running = try PosixRunner().start(cloud.command(cloud.startWords()))
        try await Eventually.holds {
            let log = cloud.scratch.read("cloud/operations.jsonl") ?? ""
            return log.contains("\"create\", \"type\": \"google_compute_instance\"")
        }
        kill(running.pid, SIGINT)
        return await running.wait()
    }

    @Test func `Ctrl-C while the machine is made removes what there is`() async throws {
        try await CloudFixture.with { cloud in
            let result = try await interrupted(cloud, onStop: "finish")
            #expect(result.termination == .exited(ExitCode.signalled(SIGINT)))
            #expect(result.errorOutput.contains("interrupted; nothing of the run is left"))
            #expect(try cloud.living() == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs) == [])
        }
    }

    @Test func `a machine that Terraform lost by Ctrl-C is found by its label`() async throws {
        try await CloudFixture.with { cloud in
            let result = try await interrupted(cloud, onStop: "orphan")
            #expect(result.termination == .exited(1))
            #expect(result.errorOutput.contains("could not be removed"), "\(result.errorOutput)")
            #expect(
                result.errorOutput.contains("gcloud compute instances delete"),
                "\(result.errorOutput)")
            let left = try cloud.living().filter { $0.hasPrefix("google_compute_instance@") }
            #expect(left.count == 1)

            let refused = try await cloud.finish()
            #expect(refused.termination == .exited(1))
            for name in left {
                try FileManager.default.removeItem(
                    atPath: cloud.scratch.path + "/cloud/cloud/" + name)
            }
            let finished = try await cloud.finish()
            #expect(finished.succeeded, "\(finished.errorOutput)")
            #expect(try cloud.living() == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs) == [])
        }
    }

    @Test func `a destroy that fails half-way says what remains, and goes on`() async throws {
        try await CloudFixture.with { cloud in
            #expect(try await cloud.start().succeeded)
            #expect(try await cloud.runAgent().succeeded)
            try cloud.fail([
                [
                    "fault": "bucket_not_empty", "on": "delete", "type": "google_storage_bucket",
                    "times": 1,
                ]
            ])
            let first = try await cloud.finish()
            #expect(first.termination == .exited(1))
            #expect(first.errorOutput.contains("1 thing of classifier/beer could not be removed"))
            #expect(first.errorOutput.contains("still there: google_storage_bucket.run"))
            #expect(try cloud.living().count == 1)

            let second = try await cloud.finish()
            #expect(second.succeeded, "\(second.errorOutput)")
            #expect(second.errorOutput.contains("everything is downloaded already"))
            #expect(try cloud.living() == [])
        }
    }

    @Test func `a dry run shows everything and leaves nothing`() async throws {
        try await CloudFixture.with { cloud in
            let result = try await cloud.start(["--dry_run", "--zones", "us-central1-c"])
            #expect(result.succeeded, "\(result.errorOutput)")
            for word in [
                "google_compute_instance.run will be created", "#cloud-config", "# job.json",
                "\"us-central1-c\"", "198.51.100.7/32",
            ] {
                #expect(result.output.contains(word), "no \(word)")
            }
            #expect(try cloud.living() == [])
            #expect(!exists(cloud.laptop.runs))
            #expect(cloud.scratch.read("cloud/operations.jsonl")?.contains("\"create\"") != true)
        }
    }

    @Test func `the doctor finds what is alive without any local state`() async throws {
        try await CloudFixture.with { cloud in
            #expect(try await cloud.start().succeeded)
            func doctor(state: String) async throws -> CommandResult {
                var command = cloud.command(["doctor", "--project_name", "acme"])
                command.environment["XDG_STATE_HOME"] = .some(cloud.scratch.path + "/" + state)
                return try await PosixRunner().run(command)
            }
            let here = try await doctor(state: "state")
            #expect(here.output.contains("remove it: train finish classifier/beer"))
            let elsewhere = try await doctor(state: "empty")
            #expect(elsewhere.output.contains("machine train-"), "\(elsewhere.output)")
            #expect(elsewhere.output.contains("gcloud compute instances delete train-"))
            #expect(elsewhere.output.contains("✓ terraform: 1."))
            #expect(try await cloud.finishByForce().succeeded)
        }
    }
}
