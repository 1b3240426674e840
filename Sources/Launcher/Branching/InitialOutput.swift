import Shared

/// The output that a new run goes on from: chosen and checked, and not copied yet.
///
/// It becomes what an earlier machine of the run would have left: files and, last of all, a manifest.
/// The agent restores and verifies it like any other before it trains.
struct InitialOutput: Sendable {
    let parent: ParentRun
    private let files: [Manifest.Entry]
    private let source: StoreClient
    private let md5: [PathKey: MD5.Digest]
    /// What stands in the logs from the start, by name.
    private let logs: [(path: String, data: Data)]

    /// - Parameters:
    ///   - step: of the checkpoint; nil takes all of the output.
    ///   - changes: such as `lr=1e-4`, made at the first step.
    /// - Throws: `Failure` if the output is not whole, or a change cannot be read.
    init(
        of parent: ParentFiles, step: Int?, changes: [String], _ context: Context
    ) async throws {
        let request = try Self.request(changes, context)
        let (checkpoint, files) = try await parent.choose(step: step)
        self.files = files
        source = parent.client
        md5 = parent.md5
        self.parent = ParentRun(
            run: parent.name, source: parent.url.description, step: step, files: files.count,
            bytes: files.map(\.size).byteSum, changes: changes)
        let journal = try await parent.log(ParentTunings.path, limit: ParentTunings.largest)
        logs = [
            // By it a trainer knows the step of the checkpoint that it loads.
            (
                CheckpointNotes.path,
                try await parent.log(CheckpointNotes.path, limit: CheckpointNotes.largest)
            ),
            (
                ParentTunings.path,
                try ParentTunings.journal(
                    from: journal, asOf: checkpoint, then: request, now: context.now())
            ),
        ].filter { !$0.1.isEmpty }
    }

    private static func request(
        _ changes: [String], _ context: Context
    ) throws -> ControlRequest? {
        guard !changes.isEmpty else { return nil }
        var arguments = Tune.Arguments()
        arguments.changes = changes
        var request = try Tune.request(arguments, context)
        // It waits for a machine that is still to be made.
        request?.expires = nil
        return request
    }

    /// Copies it into a new run's store; what a killed call left there is overwritten.
    ///
    /// - Throws: `Failure` where not all came as the parent's manifest says; the manifest, without
    ///   which nothing of it counts, is not there then.
    func place(into target: StoreClient, now: Date) async throws {
        try await target.copy(files.map(\.path), from: source)
        var manifest = Manifest(generation: 1, createdAt: now, final: false, files: files)
        let wrong = ManifestCheck.compare(manifest, listing: try await target.list()) {
            md5[PathKey($0)]
        }
        guard wrong.isEmpty else {
            throw Failure(
                "what was copied from \(source.url) is not what its manifest says",
                detail: wrong.prefix(20).map { harmless($0.description) }.joined(separator: "\n"),
                hint: "the run that trains there may have replaced it meanwhile: try it again")
        }
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        for (path, data) in logs {
            try await upload(data, as: path, in: directory, to: target)
            manifest.files.append(
                Manifest.Entry(
                    path: path, size: Int64(data.count),
                    mtime: Int64(now.timeIntervalSince1970) * 1_000_000_000,
                    crc32c: CRC32C.of(data)))
        }
        manifest.files.sort { $0.path < $1.path }
        try await upload(
            JSONFormat.encode(manifest), as: BucketLayout.manifest, in: directory, to: target)
    }

    private func upload(
        _ data: Data, as path: String, in directory: TemporaryDirectory, to target: StoreClient
    ) async throws {
        let file = directory.path + "/file"
        try AtomicFile.write(data, to: file)
        try await target.upload(file: file, as: path)
    }

    /// What was copied, in words.
    var words: String {
        "\(counted(parent.files, "file")), \(readable(bytes: parent.bytes))"
    }
}
