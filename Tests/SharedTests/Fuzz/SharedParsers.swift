import TestSupport
import Testing

@testable import Shared

/// The parsers of `Shared`, under hostile input. A parser that is new there gets a line here.
enum SharedParsers {
    static let all = documents + listings + texts + ScalarParsers.all + CodeParsers.all

    private static let documents: [FuzzTarget] = [
        FuzzTarget("job") { input in
            let job = try JSONFormat.decode(Job.self, from: Data(input), name: "job.json")
            return [job.objection ?? ""]
        },
        FuzzTarget("status") { input in
            let status = try JSONFormat.decode(
                RunStatus.self, from: Data(input), name: "status.json")
            return [
                status.objection ?? "", "\(status.start.number)", "\(status.phase.title.count)",
            ]
        },
        FuzzTarget("manifest") { input in
            let manifest = try JSONFormat.decode(Manifest.self, from: Data(input), name: "manifest")
            let objections = manifest.files.prefix(100).map { entry in
                "\(quoted(entry.path)) \(ManifestPath.objection(to: entry.path) ?? "")"
            }
            return ["\(manifest.totalBytes)"] + objections
        },
        FuzzTarget("capsule") { input in
            _ = try JSONFormat.decode(Capsule.self, from: Data(input), name: "capsule.json")
            return []
        },
        FuzzTarget("events") { input in
            // As a follower reads it: a line that does not read is passed over.
            let lines = input.split(separator: 0x0A).prefix(1000)
            let events = lines.compactMap {
                try? JSONFormat.decoder().decode(Event.self, from: Data($0))
            }
            return ["\(events.count)"]
        },
        FuzzTarget("control") { input in
            let request = try JSONFormat.decode(
                ControlRequest.self, from: Data(input), name: "control")
            return [request.objection ?? "", request.id.description]
        },
        FuzzTarget("log-index") { input in
            let index = LogIndex(Data(input))
            let places: [Int64] = [0, 1000, .max]
            return places.map { "\(index.attempt(at: $0) ?? 0) \(index.start(of: 1) ?? 0)" }
                + ["\(index.restart(after: 1, before: .max) ?? 0)"]
        },
        FuzzTarget("secrets") { input in
            _ = try SecretsDocument(reading: Data(input), name: "secrets.json")
            return []
        },
    ]

    private static let listings: [FuzzTarget] = [
        ("gs://b/p", "gsutil"), ("gs://b/p", "gcloud"), ("s3://b/p", "aws"),
        ("az://a/c/p", "rclone"),
        ("file:///p", nil),
    ].map { place, tool in
        .ofText("listing-\(tool ?? "file")", words: ["json", "text", "listing"]) { input in
            let url = try StoreURL(parsing: place)
            let store = try StoreRegistry.store(for: url, access: StoreAccess(tool: tool))
            let result = CommandResult(termination: .exited(0), output: input, errorOutput: input)
            let failed = CommandResult(termination: .exited(1), errorOutput: input)
            _ = (store.isMissing(failed), store.wasReplaced(failed), store.deleted(result))
            let failure = store.failure(failed, doing: "listing", at: url)
            let words = [failure.summary, failure.hint ?? ""]
            let listing = TreeListing(
                objects: StoreClient.files(try store.objects(from: result, under: url)),
                leftOut: store.leftOut(result).map(oneLine))
            _ = (listing.bytes, listing.below("output").bytes)
            let gaps = listing.gaps(in: "/nowhere", names: store.localNames)
            try listing.check(url, names: store.localNames)
            // What is safe by its name stays below the directory that it is appended to.
            for object in listing.objects.prefix(100) {
                let path = StoreURL.absolutePath("/inside/\(object.path)")
                guard path.utf8.starts(with: "/inside/".utf8) else { throw Escaped() }
            }
            return words + gaps.prefix(100)
        }
    }

    /// A name that leads out of its directory and was found safe.
    private struct Escaped: Error {}

    private static let texts: [FuzzTarget] = [
        .ofText("store-url") { input in
            let url = try StoreURL(parsing: input)
            let again = try StoreURL(parsing: url.description)
            return again == url ? [] : [quoted("\(url) reads as \(again)")]
        },
        .ofText("time-span") { input in
            [TimeSpan(input)?.description ?? "", MaximumDuration(input).map { "\($0)" } ?? ""]
        },
        .ofText("environment-flag") { input in
            let flags = input.split(separator: "\n").map(String.init)
            _ = try EnvironmentFlag.variables(flags)
            _ = try EnvironmentFlag.secrets(flags, from: ["HOME": "x"])
            return SecretWords.found(arguments: flags, variables: flags).map(oneLine)
        },
        .ofText("terminal-text") { input in
            [harmless(input), oneLine(input), harmlessLine(input), quoted(input)]
        },
        .ofText("log-line") { input in
            input.split(separator: "\n").map { LogTail.shown(String($0)) }
        },
        .ofText("python-source", words: ["python"]) { input in
            ["\(PythonSource.main(of: input))"]
        },
        .ofText("checkpoint-number") { input in
            input.split(separator: "\n").prefix(50).flatMap { line in
                [CheckpointName(String(line)), CheckpointName(directoryOf: String(line))]
                    .compactMap { $0.map { oneLine("\($0.number) \($0.stem)") } }
            }
        },
        .ofText("run-name") { input in
            let parts = input.split(separator: "/", omittingEmptySubsequences: false).map(
                String.init)
            let name = try RunName(
                cloud: parts.first ?? "", projectName: parts.dropFirst().first ?? "",
                codeName: parts.dropFirst(2).first ?? "",
                datasetName: parts.dropFirst(3).first ?? "")
            return [name.slug, name.description]
        },
    ]
}

/// CONTRIBUTING.md says how a parser is added, and how a find is repeated.
@Suite(.serialized) struct SharedFuzzTests {
    @Test(arguments: SharedParsers.all)
    func `hostile input`(_ target: FuzzTarget) async throws {
        let defects = try await Fuzzer(target).defects()
        #expect(defects == [])
    }
}
