import Shared
import TestSupport
import Testing

extension CloudTests {
    /// `--state_bucket`: a run that two computers know.
    @Suite struct StateBucketTests {
        @Test(arguments: StandInCloud.allCases)
        func `another computer finishes the run`(on place: StandInCloud) async throws {
            if let reason = await place.missing() { try Test.cancel("skipped: \(reason)") }
            let isSlowWelcome =
                ProcessInfo.processInfo.environment["TRAIN_SLOW_TESTS"] != nil
            if place == .aws, !isSlowWelcome {
                try Test.cancel("skipped: set TRAIN_SLOW_TESTS; Amazon's provider takes a minute")
            }
            try await CloudFixture.with(place) { cloud in
                let bucket = try await cloud.store.makeBucket()
                let flag = ["--state_bucket", cloud.cloud.dataset(in: bucket) + "/team"]
                let started = try await cloud.start(flag)
                #expect(started.succeeded, "\(started.errorOutput)")
                #expect(!exists(try cloud.laptop.folder() + "/terraform.tfstate"))

                let key = place.credentials.map { _ in
                    ["--credentials_path", cloud.scratch.path + "/key"]
                }
                let address =
                    ["classifier/beer", "--cloud", place.rawValue, "--project_name"]
                    + [cloud.project] + flag + (key ?? [])
                func elsewhere(_ words: [String]) async throws -> CommandResult {
                    var command = cloud.command(words)
                    command.environment["XDG_STATE_HOME"] = .some(cloud.scratch.path + "/other")
                    return try await PosixRunner().run(command)
                }
                let seen = try await elsewhere(["status"] + address)
                #expect(seen.output.contains("on \(place): starting"), "\(seen)")
                let shell = try await elsewhere(["ssh"] + address)
                #expect(shell.termination == .exited(1))
                let second = try await elsewhere(cloud.startWords(flag))
                #expect(second.errorOutput.contains("is alive already"), "\(second)")

                #expect(try await cloud.runAgent().succeeded)
                let finished = try await elsewhere(
                    ["finish"] + address + ["--destination", cloud.laptop.collected])
                #expect(finished.succeeded, "\(finished.errorOutput)")
                #expect(finished.output.contains("every byte checked"))
                #expect(try await cloud.living().filter { !$0.contains(bucket) } == [])
                let scheme = [StandInCloud.gcp: "gs", .aws: "s3", .azure: "az"][place] ?? ""
                let client = try StoreClient(
                    url: StoreURL(parsing: "\(scheme)://\(place.dataset(in: bucket))"),
                    access: cloud.store.access(), runner: cloud.store.runner())
                #expect(try await client.list() == [])

                // The computer that started it learns of it, and its own finish forgets the run.
                let listed = try await cloud.train(["list"])
                #expect(listed.output.contains("another computer has finished it"), "\(listed)")
                #expect(exists(try cloud.laptop.folder()))
                let late = try await cloud.finish()
                #expect(late.errorOutput.contains("another computer has finished it"), "\(late)")
                let left = try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs)
                #expect(left == [])
            }
        }

        @Test(.enabled(CloudTests.googleNeeds) { await StandInCloud.gcp.missing() == nil })
        func `without a login for the state bucket nothing is made`() async throws {
            try await CloudFixture.with { cloud in
                let bucket = try await cloud.store.makeBucket()
                var command = cloud.command(cloud.startWords(["--state_bucket", bucket]))
                command.environment["GOOGLE_OAUTH_ACCESS_TOKEN"] = .some(nil)
                // A login that is there and is none.
                command.environment["GOOGLE_APPLICATION_CREDENTIALS"] = .some(
                    try cloud.scratch.write("{}", to: "login.json"))
                let started = try await PosixRunner().run(command)
                #expect(started.termination == .exited(1))
                #expect(started.errorOutput.contains("the credentials are refused"), "\(started)")
                #expect(try await cloud.living() == [])
                let left = try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs)
                #expect(left == [])
            }
        }

        @Test(.enabled(CloudTests.googleNeeds) { await StandInCloud.gcp.missing() == nil })
        func `a state bucket that is not there is told before anything is made`() async throws {
            try await CloudFixture.with { cloud in
                let started = try await cloud.start(["--state_bucket", "bucket-not-there"])
                #expect(started.termination == .exited(1))
                #expect(started.errorOutput.contains("train: error: --state_bucket: "))
                #expect(started.errorOutput.contains("no such bucket"), "\(started)")
                #expect(!exists(cloud.laptop.runs))
            }
        }
    }
}
