import Shared

/// The files of a run or folder that another run is to go on from, as they are now.
struct ParentFiles: Sendable {
    let name: RunName?
    let url: StoreURL
    let client: StoreClient
    private let place: any RunPlace
    private let manifest: Manifest
    /// Of the manifest, from what is there.
    private let differences: [PathKey: Difference]
    /// The store's own hashes, where it lists any.
    let md5: [PathKey: MD5.Digest]
    let checkpoints: Checkpoints

    /// - Parameter text: a folder that `finish` made, or the short name of a run.
    /// - Throws: `Failure` where there is neither, or nothing of it is up.
    static func find(_ text: String, _ context: Context) async throws -> ParentFiles {
        if isDirectory(text + "/" + BucketLayout.run) {
            return try await of(folder: StoreURL.absolutePath(text), context)
        }
        var address = RunAddress()
        address.short = text
        switch try await ReadableRun.find(address, context) {
        case .collected(let entry): return try await of(folder: entry.directory, context)
        case .known(let handle): return try await of(handle)
        }
    }

    /// The files of a run that is known here: in its bucket, or where they were collected.
    static func of(_ handle: RunHandle) async throws -> ParentFiles {
        if handle.record.stage == .collected, let folder = handle.record.collection,
            isDirectory(folder)
        {
            return try await of(folder: folder, handle.context)
        }
        let client = try handle.record.client(runner: handle.context.runner)
        // A directory is read without a process for each look.
        let place: any RunPlace =
            client.url.scheme == "file"
            ? FolderSource(directory: client.url.path)
            : BucketSource(client: client, clock: handle.context.clock, interval: .seconds(1))
        return try await ParentFiles(handle.name, client, place)
    }

    private static func of(folder: String, _ context: Context) async throws -> ParentFiles {
        let place = FolderSource(directory: folder)
        let client = try StoreClient(
            url: StoreURL(parsing: folder), access: StoreAccess(), runner: context.runner)
        return try await ParentFiles((try? await place.status())?.run, client, place)
    }

    private init(_ name: RunName?, _ client: StoreClient, _ place: any RunPlace) async throws {
        self.name = name
        self.client = client
        self.place = place
        url = client.url
        let shown = name?.description ?? url.description
        guard
            let data = try await Self.document(
                BucketLayout.manifest, JSONFormat.maximumManifestBytes, client, place)
        else {
            throw Failure(
                "\(shown) has no manifest: none of its output is up yet",
                hint: "it is written with the first sync that uploads something")
        }
        manifest = try JSONFormat.decode(
            Manifest.self, from: data, name: "\(url)/\(BucketLayout.manifest)")
        let listing = try await Self.listing(client, place)
        differences = Dictionary(
            ManifestCheck.compare(manifest, listing: listing).map { (PathKey($0.path), $0) },
            uniquingKeysWith: { $1 })
        md5 = Dictionary(
            listing.compactMap { object in object.md5.map { (PathKey(object.path), $0) } },
            uniquingKeysWith: { $1 })
        let notes = CheckpointNotes(
            try await Self.document(CheckpointNotes.path, CheckpointNotes.largest, client, place)
                ?? Data())
        let output = Checkpoints(manifest).everything
        checkpoints = Checkpoints(manifest, notes: try await notes.steps(of: output, in: place))
    }

    /// Of a directory the sizes alone: what is chosen of it is read from end to end later.
    private static func listing(
        _ client: StoreClient, _ place: any RunPlace
    ) async throws -> [StoredObject] {
        guard place.kind == .folder else { return try await client.list() }
        var objects: [StoredObject] = []
        for tree in BucketLayout.trees {
            objects += try await place.list(tree).map {
                StoredObject(path: "\(tree)/\($0.path)", size: $0.size)
            }
        }
        return objects
    }

    /// The checkpoints of which every file is there as the manifest names it.
    var whole: [Checkpoints.Checkpoint] {
        checkpoints.all.filter { checkpoint in
            checkpoint.files.allSatisfy { differences[PathKey($0.path)] == nil }
        }
    }

    /// The newest checkpoint that the next machine gets back; nil where the step of none is known.
    var newestWhole: Checkpoints.Checkpoint? {
        let paths = manifest.files.filter { $0.gone != true }.map(\.path)
        let plan = RestorePlan(paths)
        let kept = Set(plan.kept.map { PathKey(paths[$0]) })
        return whole.last { $0.files.allSatisfy { kept.contains(PathKey($0.path)) } }
    }

    /// What a new run gets of the output.
    ///
    /// - Parameter step: of a checkpoint; nil: all of it.
    /// - Throws: `Failure` where no such step is whole, or a file differs from the manifest.
    func choose(step: Int?) async throws -> (checkpoint: Checkpoints.Checkpoint?, [Manifest.Entry])
    {
        guard let step else {
            let all = checkpoints.everything
            guard !all.isEmpty else { throw Failure("\(shown) has no output to go on from") }
            let wrong = all.compactMap { differences[PathKey($0.path)] }
            guard wrong.isEmpty else { throw differ(wrong) }
            try await read(all)
            return (nil, all)
        }
        let whole = whole
        guard let checkpoint = whole.first(where: { $0.step == step }) else {
            throw refusal(of: step, whole)
        }
        // What was replaced since is no part of how it was.
        let files = checkpoints.output(asOf: checkpoint).filter {
            differences[PathKey($0.path)] == nil
        }
        try await read(files)
        return (checkpoint, files)
    }

    /// A document of the logs; empty if there is none.
    func log(_ path: String, limit: Int) async throws -> Data {
        try await Self.document(path, limit, client, place) ?? Data()
    }

    private static func document(
        _ path: String, _ limit: Int, _ client: StoreClient, _ place: any RunPlace
    ) async throws -> Data? {
        guard place.kind == .folder else { return try await client.read(path, limit: limit) }
        let file = "\(client.url.path)/\(path)"
        return exists(file) ? try readRegularFile(file, limit: limit) : nil
    }

    private var shown: String { name?.description ?? url.description }

    /// Compares every byte where that costs no transfer; of a bucket the store's own hashes were
    /// compared, and the agent compares all bytes before it trains.
    private func read(_ files: [Manifest.Entry]) async throws {
        guard place.kind == .folder else { return }
        var chosen = manifest
        chosen.files = files
        let wrong = await ManifestCheck.compare(chosen, directory: url.path)
        guard wrong.isEmpty else { throw differ(wrong) }
    }

    private func differ(_ differences: [Difference]) -> Failure {
        Failure(
            "\(shown): \(counted(differences.count, "file")) of the output "
                + (differences.count == 1 ? "is" : "are") + " not what the manifest says",
            detail: differences.prefix(20).map { harmless($0.description) }.joined(separator: "\n"),
            hint: "a run that trains may have replaced them just now: try it again")
    }

    private func refusal(of step: Int, _ whole: [Checkpoints.Checkpoint]) -> Failure {
        let isKnown = checkpoints.all.contains { $0.step == step }
        return Failure(
            isKnown
                ? "the checkpoint of step \(step) of \(shown) is not whole any more"
                : "\(shown) has no checkpoint of step \(step)",
            hint: Checkpoints.nearest(to: step, in: whole).map { "the nearest is step \($0.step)" }
                ?? "it has none whose step is known; train start --initial_output goes on from "
                + "all of the output")
    }
}
