import Shared

/// Brings a run's objects into a directory, with a bar that follows the growing directory.
struct Download: Sendable {
    let client: StoreClient
    let steps: Steps

    /// What is there to bring.
    struct Contents: Sendable, Equatable {
        /// Of `output`, `logs` and `run`, those that hold anything.
        var trees: [String] = []
        var files = 0
        var bytes: Int64 = 0
    }

    private static let attempts = 4
    /// Up to so many files are fetched one by one, by a command each.
    private static let fewFiles = 16

    /// By the manifest; without one by what the bucket lists.
    ///
    /// Where there is a manifest, all three trees: the bucket can hold more than it names, and goes.
    func contents(of manifest: Manifest?) async throws -> Contents {
        let objects =
            if let manifest {
                manifest.files.map { ($0.path, $0.size) }
            } else {
                try await list().map { ($0.path, $0.size) }
            }
        let isThere = { (tree: String) in
            objects.filter { $0.0.utf8.starts(with: "\(tree)/".utf8) }
        }
        let counted = [BucketLayout.output, BucketLayout.logs].flatMap(isThere)
        return Contents(
            trees: CollectionDirectory.trees.filter { manifest != nil || !isThere($0).isEmpty },
            files: counted.count, bytes: counted.map(\.1).byteSum)
    }

    func list() async throws -> [StoredObject] {
        try await steps.run("listing the bucket") { try await client.list() }
    }

    /// Downloads the trees; goes on where a former call was cut off.
    func run(_ contents: Contents, to directory: String) async throws {
        for name in CollectionDirectory.trees { try makeDirectories(directory + "/" + name) }
        let bar = ProgressBar(
            title: "downloading", totalFiles: contents.files, totalBytes: contents.bytes)
        if !steps.line.isInteractive {
            steps.line.say(
                "  downloading \(counted(bar.totalFiles, "file")), \(readable(bytes: bar.totalBytes)) …"
            )
        }
        let progress = TransferProgress(bar: bar, steps: steps) {
            let size = TreeSize(of: directory)
            return (size.files, size.bytes)
        }
        try await progress.during { try await fetch(contents.trees, to: directory) }
    }

    private func fetch(_ trees: [String], to directory: String) async throws {
        for tree in trees {
            try await retrying { try await client.download(tree: tree, to: directory + "/" + tree) }
        }
    }

    /// Fetches single files anew, whatever is there under their names.
    ///
    /// Many of them by their trees, which is one command: a tool takes a second to start.
    func again(_ paths: [String], to directory: String) async throws {
        let paths = paths.filter { ManifestPath.objection(to: $0) == nil }
        for path in paths { unlink(directory + "/" + path) }
        if paths.count > Self.fewFiles {
            steps.line.say("  fetching \(counted(paths.count, "file")) once more")
            let trees = CollectionDirectory.trees.filter { tree in
                paths.contains { $0.utf8.starts(with: "\(tree)/".utf8) }
            }
            return try await fetch(trees, to: directory)
        }
        for path in paths {
            steps.line.say("  fetching \(quoted(path)) once more")
            let file = directory + "/" + path
            try makeDirectories(parentDirectory(file))
            // An object that is gone stays a difference; the comparison names it.
            try? await client.download(object: path, to: file)
            try Task.checkCancellation()
        }
    }

    private func retrying(_ body: () async throws -> Void) async throws {
        var retry = Retry()
        retry.clock = steps.clock
        try await retry.run(
            attempts: Self.attempts,
            isWorthwhile: { _ in !Task.isCancelled },
            onFailure: { error, pause in
                let summary = (error as? Failure)?.summary ?? "\(error)"
                steps.line.say(
                    "  \(harmless(summary)); again in \(TimeSpan(seconds: pause.seconds.rounded(.up)))"
                )
            }, body)
        try Task.checkCancellation()
    }
}
