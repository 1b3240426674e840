import Shared

/// A run as its folder tells of it: what `finish` brought home, or a bucket in a directory.
///
/// Everything in it was written elsewhere. What cannot be read is missing, and is no error: a report
/// of a run that died half-way is wanted most.
struct CollectedRun: Sendable {
    let place: String
    let status: RunStatus?
    let capsule: Capsule?
    let manifest: Manifest?
    /// nil as long as the run's cloud may have something of it.
    let removal: Removal?
    let events: [Event]

    private static let mostEventBytes: Int64 = 64 << 20
    private static let mostEvents = 100_000
    private static let longestEvent = 1 << 16

    /// - Throws: `Failure` if the folder is no run's.
    init(at place: String) throws {
        self.place = place
        func document<Document: VersionedDocument>(_ type: Document.Type, _ name: String)
            -> Document?
        {
            let path = place + "/" + name
            return (try? readRegularFile(path, limit: type.maximumBytes)).flatMap {
                try? JSONFormat.decode(type, from: $0, name: path)
            }
        }
        status = document(RunStatus.self, BucketLayout.status)
        capsule = document(Capsule.self, BucketLayout.capsule)
        manifest = document(Manifest.self, BucketLayout.manifest)
        removal = document(Removal.self, Removal.path)
        guard status != nil || capsule != nil || manifest != nil else {
            throw Failure(
                "\(quoted(place)) is not the folder of a run: it has no run/status.json",
                hint: "give the folder that train finish made, such as 20260131T120000_CODE_DATASET"
            )
        }
        events = Self.events(of: place + "/" + BucketLayout.events)
    }

    private static func events(of path: String) -> [Event] {
        var file = ScalarFile(path: path)
        var lines = LineAssembler(longest: longestEvent)
        var events: [Event] = []
        let decoder = JSONFormat.decoder()
        file.read(upTo: mostEventBytes) { bytes in
            lines.read(bytes) { line in
                guard events.count < mostEvents,
                    let event = try? decoder.decode(Event.self, from: Data(line))
                else { return }
                events.append(event)
            }
        }
        return events
    }

    var name: String {
        (status?.run ?? capsule?.run)?.description ?? fileName(of: place)
    }

    var logs: String { place + "/" + BucketLayout.logs }
    var output: String { place + "/" + BucketLayout.output }

    /// All curves of the run.
    ///
    /// - Parameter capacity: see `ThinnedPoints`.
    func scalars(capacity: Int = 4096) -> ScalarReader {
        let patterns = (capsule?.metrics ?? []).prefix(100).compactMap { MetricPattern($0) }
        var reader = ScalarReader(
            logs: logs, output: output, patterns: patterns, capacity: capacity)
        reader.read()
        return reader
    }
}
