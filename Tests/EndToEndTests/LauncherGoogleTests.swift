import Shared
import TestSupport
import Testing

/// The launcher's road over gs://, with the real gsutil against the emulated store.
@Suite(
    .enabled(
        if: isInstalled("gsutil") && Emulator.canRun(.googleWithKey), "needs gsutil and python3"),
    .timeLimit(.minutes(15)))
struct LauncherGoogleTests {
    /// The emulator opens to its key alone, and the key comes by `--credentials_path` alone.
    private func surroundings(_ cloud: Emulator) throws -> [String: String?] {
        var environment = cloud.environment
        for name in environment.keys
        where name.contains("SERVICE_ACCOUNT") || name.contains("CREDENTIAL") {
            environment[name] = .some(nil)
        }
        let settings = try readFile(cloud.directory + "/boto.cfg")
        let lines = String(decoding: settings, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        let keyless = lines.filter { !$0.contains("service_key") }.joined(separator: "\n")
        let path = cloud.directory + "/boto.keyless.cfg"
        try AtomicFile.write(Data(keyless.utf8), to: path)
        environment["BOTO_CONFIG"] = path
        return environment
    }

    @Test func `dataset and output live in buckets, and the user's key opens them`() async throws {
        let cloud = try await Emulator.shared(.googleWithKey)
        let (dataset, output) = (try await cloud.makeBucket(), try await cloud.makeBucket())
        try cloud.put(Data("1,2\n".utf8), bucket: dataset, name: "beer.csv")
        let environment = try surroundings(cloud)
        try await LauncherFixture.with { fixture in
            func train(_ words: [String]) async throws -> CommandResult {
                var command = fixture.command(words)
                command.environment.merge(environment) { $1 }
                return try await PosixRunner().run(command)
            }
            let place = "gs://\(output)"
            let words = [
                "start", "classifier/beer", "--cloud", "local", "--code_path", "code",
                "--dataset_bucket", "gs://\(dataset)", "--output_bucket", place,
                "--credentials_path", cloud.keyFile, "--wait", "--", "--files", "20",
            ]
            let started = try await train(words)
            #expect(started.succeeded, "\(started.errorOutput)")

            let client = try StoreClient(
                url: StoreURL(parsing: place), access: cloud.access(key: cloud.keyFile),
                runner: cloud.runner())
            #expect(try await client.list().contains { $0.path.hasSuffix("/run/manifest.json") })

            let finished = try await train([
                "finish", "classifier/beer", "--destination", fixture.collected,
            ])
            #expect(finished.succeeded, "\(finished.errorOutput)")
            #expect(finished.output.contains("every byte checked"))
            let last = try fixture.collection() + "/output/part 9/file-19"
            #expect(try readFile(last).count == 80)
            #expect(try await client.list() == [])
        }
    }

    @Test(arguments: [
        ("empty", "--dataset_bucket: ", "is empty"),
        ("missing", "--dataset_bucket: ", "no such bucket"),
        ("wrong key", "--dataset_bucket: ", "was refused"),
    ])
    func `a bucket that cannot be used is told before anything is made`(
        trouble: String, flag: String, words: String
    ) async throws {
        let cloud = try await Emulator.shared(.googleWithKey)
        let bucket = trouble == "missing" ? "bucket-not-there" : try await cloud.makeBucket()
        let key = trouble == "wrong key" ? cloud.wrongKeyFile : cloud.keyFile
        let environment = try surroundings(cloud)
        try await LauncherFixture.with { fixture in
            var command = fixture.command([
                "start", "classifier/beer", "--cloud", "local", "--code_path", "code",
                "--dataset_bucket", "gs://\(bucket)", "--credentials_path", key,
            ])
            command.environment.merge(environment) { $1 }
            let result = try await PosixRunner().run(command)
            #expect(result.termination == .exited(1))
            #expect(result.errorOutput.contains("train: error: " + flag))
            #expect(result.errorOutput.contains(words), "\(result.errorOutput)")
            #expect(!exists(fixture.runs))
        }
    }
}
