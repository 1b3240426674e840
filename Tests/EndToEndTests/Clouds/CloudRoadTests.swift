import Shared
import TestSupport
import Testing

/// The launcher's roads over rented clouds, with the real Terraform.
///
/// One at a time: each has a Terraform with its providers, and half the machine's memory at most.
@Suite(.serialized, .timeLimit(.minutes(15))) enum CloudTests {
    /// The condition of a suite that needs nothing but the cloud that is made fastest.
    static let googleNeeds: Comment =
        "needs terraform, gsutil, ssh-keygen and Tests/StandInProvider/requirements.txt"
}

extension CloudTests {
    @Suite struct CloudRoadTests {
        @Test(arguments: StandInCloud.allCases)
        func `a run is made, trains, comes home, and nothing of it is left`(
            where place: StandInCloud
        ) async throws {
            if let reason = await place.missing() {
                try Test.cancel("skipped: \(reason)")
            }
            try await CloudFixture.with(place) { cloud in
                let started = try await cloud.start(["--env", "TOKEN", "--", "--files", "3"])
                #expect(started.succeeded, "\(started.errorOutput)")
                for word in ["machine   train-", "console   https://", "until train finish"] {
                    #expect(started.output.contains(word), "\(started.output)")
                }
                try expectNoSecret(in: cloud)
                #expect(try await cloud.machines().count == 1)

                let early = try await cloud.finish()
                #expect(early.termination == .exited(1))
                #expect(early.errorOutput.contains("still alive"), "\(early.errorOutput)")

                let trained = try await cloud.runAgent()
                #expect(trained.succeeded, "\(trained.errorOutput)")
                let status = try await cloud.train(["status", "classifier/beer"])
                #expect(status.output.contains("succeeded"), "\(status)")
                let powerOff = cloud.scratch.read("machine/powered-off")
                #expect((powerOff != nil) == (place == .azure))

                let finished = try await cloud.finish()
                #expect(finished.succeeded, "\(finished.errorOutput)")
                #expect(finished.output.contains("every byte checked"))
                let last = "\(place) holds nothing of the run any more"
                #expect(finished.errorOutput.contains(last), "\(finished.errorOutput)")
                let log = try readFile(cloud.laptop.collection() + "/logs/train.log")
                #expect(String(decoding: log, as: UTF8.self).contains("token has 7 letters"))
                #expect(try await cloud.living() == [])
                let left = try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs)
                #expect(left == [])
            }
        }

        /// Neither what the cloud was told nor Terraform's state has it.
        private func expectNoSecret(in cloud: CloudFixture) throws {
            let state = try readFile(cloud.laptop.folder() + "/terraform.tfstate")
            #expect(!String(decoding: state, as: UTF8.self).contains("hunter2"))
            let told = cloud.scratch.read("cloud/operations.jsonl") ?? ""
            let changes = told.split(separator: "\n").filter { !$0.contains("\"configure\"") }
            #expect(!changes.contains { $0.contains("hunter2") })
        }

        @Test(.enabled(CloudTests.googleNeeds) { await StandInCloud.gcp.missing() == nil })
        func `a destroy that fails half-way says what remains, and goes on`() async throws {
            try await CloudFixture.with { cloud in
                #expect(try await cloud.start().succeeded)
                #expect(try await cloud.runAgent().succeeded)
                try cloud.fail([
                    [
                        "fault": "bucket_not_empty", "on": "delete",
                        "type": "google_storage_bucket", "times": 1,
                    ]
                ])
                let first = try await cloud.finish()
                #expect(first.termination == .exited(1))
                #expect(
                    first.errorOutput.contains(
                        "1 resource of classifier/beer could not be removed"),
                    "\(first.errorOutput)")
                #expect(first.errorOutput.contains("still there: google_storage_bucket.run"))
                #expect(try await cloud.living().count == 1)

                // The bucket that tells how a run is may be the one that is gone.
                for words in [["list"], ["status", "classifier/beer"]] {
                    let seen = try await cloud.train(words)
                    #expect(seen.output.contains("collected; only its removal is left"), "\(seen)")
                }
                let second = try await cloud.finish()
                #expect(second.succeeded, "\(second.errorOutput)")
                #expect(second.errorOutput.contains("everything is downloaded already"))
                #expect(try await cloud.living() == [])
            }
        }
    }
}
