import Shared
import TestSupport
import Testing

extension CloudTests {
    /// `train resume` with real Terraform: the machine is another one, the buckets are the same.
    @Suite struct CloudResumeTests {
        private func with(
            _ place: StandInCloud, _ body: (CloudFixture) async throws -> Void
        ) async throws {
            if let reason = await place.missing() { try Test.cancel("skipped: \(reason)") }
            try await CloudFixture.with(place) { cloud in
                try cloud.scratch.write(ResumeTests.main, to: "code/training_module/main.py")
                try await body(cloud)
            }
        }

        /// Boots the new machine, whose disk is empty, and brings home what came of the run.
        private func trainOn(_ cloud: CloudFixture) async throws {
            try FileManager.default.removeItem(atPath: cloud.machine)
            let trained = try await cloud.runAgent()
            #expect(trained.succeeded, "\(trained.errorOutput)")
            let finished = try await cloud.finish()
            #expect(finished.output.contains("every byte checked"), "\(finished)")
            let attempts = try readFile(cloud.laptop.collection() + "/output/attempts.log")
            #expect(String(decoding: attempts, as: UTF8.self) == "1 0 0\n2 1 10\n")
            #expect(try await cloud.living() == [])
        }

        private func seconds(_ name: String, _ cloud: CloudFixture) throws -> Double? {
            let file = try readFile(cloud.laptop.folder() + "/terraform.tfvars.json")
            let variables = try JSONDecoder().decode([String: JSONValue].self, from: file)
            return switch variables[name] {
            case .number(let number): number
            case .integer(let number): Double(number)
            default: nil
            }
        }

        @Test(arguments: StandInCloud.allCases)
        func `a run that failed goes on from its bucket on another machine`(
            on place: StandInCloud
        ) async throws {
            try await with(place) { cloud in
                #expect(try await cloud.start(["--", "--fail"]).succeeded)
                let alive = try await cloud.train(["resume", "classifier/beer"])
                #expect(alive.errorOutput.contains("classifier/beer is still alive"), "\(alive)")
                #expect(try await cloud.runAgent().termination == .exited(7))
                let limit = try seconds("max_duration_seconds", cloud)

                let resumed = try await cloud.train(["resume", "classifier/beer"])
                #expect(resumed.succeeded, "\(resumed)")
                let words = "classifier/beer goes on from its checkpoint of step 10: 2 steps lost\n"
                #expect(resumed.output.hasPrefix(words), "\(resumed)")
                #expect(resumed.output.contains("machine   train-"), "\(resumed)")
                #expect(try await cloud.machines().count == 1)
                // The cloud's own limit and the machine's timer are what is left of the time.
                let left = try seconds("max_duration_seconds", cloud)
                #expect(try #require(left) < #require(limit))
                let status = try await cloud.train(["status", "classifier/beer"])
                #expect(status.output.contains("preparing"), "\(status)")
                try await trainOn(cloud)
            }
        }

        @Test func `where no zone has a machine the run is as it was`() async throws {
            try await with(.gcp) { cloud in
                #expect(try await cloud.start(["--", "--fail"]).succeeded)
                #expect(try await cloud.runAgent().termination == .exited(7))
                try cloud.fail([["fault": "stockout"]])
                let refused = try await cloud.train(["resume", "classifier/beer"])
                #expect(refused.termination == .exited(1))
                #expect(refused.errorOutput.contains("is free now in us-central1"), "\(refused)")
                #expect(try await cloud.machines() == [])
                let status = try await cloud.train(["status", "classifier/beer"])
                #expect(status.output.contains("failed: the trainer"), "\(status)")
                try cloud.fail([])
                #expect(try await cloud.train(["resume", "classifier/beer"]).succeeded)
                try await trainOn(cloud)
            }
        }

        /// Power and disk go at once; ten minutes later the cloud says that the machine is off.
        @Test func `a spot machine that is taken away without a word is replaced`() async throws {
            try await with(.gcp) { cloud in
                let started = try await cloud.start(["--spot"])
                let words = "the run waits for train resume classifier/beer"
                #expect(started.errorOutput.contains(words), "\(started)")
                let agent = try cloud.boot()
                let place = try record(cloud)["output"]?.string
                let output = try StoreURL(parsing: #require(place))
                try await Eventually.holds(within: .seconds(120)) {
                    let manifest = try? cloud.store.get(
                        bucket: output.bucket, name: BucketLayout.manifest)
                    let text = String(decoding: manifest ?? Data(), as: UTF8.self)
                    return text.contains("output/ready") && text.contains("checkpoint-10/")
                }
                LostMachine.cut(cloud.machine)
                _ = await agent.wait()
                let machine = try record(cloud)["machine"]
                let name = try #require(machine?["instance_name"]?.string)
                let mark = try cloud.scratch.write("", to: "cloud/cloud/stopped-\(name)")
                let data = try cloud.store.get(bucket: output.bucket, name: BucketLayout.status)
                var status = try JSONFormat.decode(RunStatus.self, from: data, name: "status")
                status.heartbeat -= 700
                try cloud.store.put(
                    JSONFormat.encode(status), bucket: output.bucket, name: BucketLayout.status)

                let resumed = try await cloud.train(["resume", "classifier/beer"])
                #expect(resumed.succeeded, "\(resumed)")
                #expect(resumed.output.contains("goes on from its checkpoint of step 10"))
                unlink(mark)
                try await trainOn(cloud)
            }
        }

        private func record(_ cloud: CloudFixture) throws -> JSONValue {
            let data = try readFile(cloud.laptop.folder() + "/run.json")
            return try JSONDecoder().decode(JSONValue.self, from: data)
        }
    }
}
