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

    /// By the manifest; without one by what the bucket lists.
    func contents(of manifest: Manifest?) async throws -> Contents {
        let objects =
            if let manifest {
                manifest.files.map { ($0.path, $0.size) }
            } else {
                try await list().map { ($0.path, $0.size) }
            }
        var contents = Contents()
        for tree in [BucketLayout.output, BucketLayout.logs] {
            let inTree = objects.filter { $0.0.utf8.starts(with: "\(tree)/".utf8) }
            guard !inTree.isEmpty else { continue }
            contents.trees.append(tree)
            contents.files += inTree.count
            contents.bytes += inTree.reduce(0) { $0 + $1.1 }
        }
        if manifest != nil || objects.contains(where: { $0.0.hasPrefix(BucketLayout.run + "/") }) {
            contents.trees.append(BucketLayout.run)
        }
        return contents
    }

    func list() async throws -> [StoredObject] {
        try await steps.run("listing the bucket") { try await client.list() }
    }

    /// Downloads the trees; goes on where a former call was cut off.
    func run(_ contents: Contents, to directory: String) async throws {
        for name in [BucketLayout.output, BucketLayout.logs, BucketLayout.run] {
            try makeDirectories(directory + "/" + name)
        }
        let bar = ProgressBar(
            title: "downloading", totalFiles: contents.files, totalBytes: contents.bytes)
        try await showing(bar, directory) {
            for tree in contents.trees {
                try await retrying {
                    try await client.download(tree: tree, to: directory + "/" + tree)
                }
            }
        }
    }

    /// Fetches single files anew, whatever is there under their names.
    func again(_ paths: [String], to directory: String) async throws {
        for path in paths where ManifestPath.objection(to: path) == nil {
            steps.line.say("  fetching \(quoted(path)) once more")
            let file = directory + "/" + path
            try makeDirectories(parentDirectory(file))
            unlink(file)
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

    /// Runs `body` and meanwhile looks at how the directory grows.
    private func showing(
        _ bar: ProgressBar, _ directory: String, _ body: () async throws -> Void
    ) async throws {
        let line = steps.line
        let before = TreeSize(of: directory).bytes
        let started = ContinuousClock.now
        if !line.isInteractive {
            line.say(
                "  downloading \(counted(bar.totalFiles, "file")), \(readable(bytes: bar.totalBytes)) …"
            )
        }
        let watcher = Task {
            // Counting 100,000 files takes a while itself, so the pause grows with it.
            while !Task.isCancelled, line.isInteractive {
                let looked = ContinuousClock.now
                let size = TreeSize(of: directory)
                line.update(
                    bar.text(
                        files: size.files, bytes: size.bytes, startBytes: before,
                        seconds: (ContinuousClock.now - started).seconds))
                let pause = max(.milliseconds(250), (ContinuousClock.now - looked) * 5)
                try await Task.sleep(for: pause)
            }
        }
        defer {
            watcher.cancel()
            line.clear()
        }
        try await body()
    }
}
