import Shared

/// Brings a run's objects into a directory, with a bar that follows the growing directory.
struct Download: Sendable {
    let client: StoreClient
    let steps: Steps

    /// What is there to bring.
    struct Contents: Sendable, Equatable {
        /// Of `output`, `logs`, `run` and `stray`, those that hold anything.
        var trees: [String] = []
        var files = 0
        var bytes: Int64 = 0
        /// All that the bucket lists, which bounds what may come.
        var listing = TreeListing(objects: [])
        /// What the disk must take.
        var bytesToCome: Int64 { max(bytes, listing.bytes) }

        static func == (one: Contents, other: Contents) -> Bool {
            one.trees == other.trees && one.files == other.files && one.bytes == other.bytes
        }
    }

    private static let attempts = 4
    /// Up to so many files are fetched one by one, by a command each.
    private static let fewFiles = 16

    /// By the manifest; without one by what the bucket lists.
    ///
    /// Where there is a manifest, whatever it names of them: the bucket can hold more than it names, and goes.
    ///
    /// - Parameter force: also where the bucket holds far more than the manifest says.
    /// - Throws: `Failure` naming the largest object that the manifest does not name.
    func contents(of manifest: Manifest?, force: Bool) async throws -> Contents {
        let listing = try await steps.run("listing the bucket") { try await client.treeListing() }
        if let manifest, !force { try refuseFlood(listing, manifest) }
        let objects =
            if let manifest {
                manifest.files.map { ($0.path, $0.size) }
            } else {
                listing.objects.map { ($0.path, $0.size) }
            }
        let isThere = { (tree: String) in
            objects.filter { $0.0.utf8.starts(with: "\(tree)/".utf8) }
        }
        let counted = BucketLayout.trees.flatMap(isThere)
        let hasStray = listing.objects.contains {
            $0.path.utf8.starts(with: "\(BucketLayout.stray)/".utf8)
        }
        return Contents(
            trees: DownloadDirectory.allTrees.filter { tree in
                tree == BucketLayout.stray ? hasStray : manifest != nil || !isThere(tree).isEmpty
            },
            files: counted.count, bytes: counted.map(\.1).byteSum, listing: listing)
    }

    /// What a machine that was broken into puts into its bucket must not fill this disk.
    private func refuseFlood(_ listing: TreeListing, _ manifest: Manifest) throws {
        var sizes: [PathKey: Int64] = [:]
        for entry in manifest.files { sizes[PathKey(entry.path)] = entry.size }
        let unnamed = listing.objects.map { object in
            (path: object.path, more: object.size - (sizes[PathKey(object.path)] ?? 0))
        }.filter { $0.more > 0 }
        let total = manifest.totalBytes
        let more = unnamed.map(\.more).byteSum
        guard more > TransferLimit.withSlack(total) - total + Self.mostOfTheAgent,
            let largest = unnamed.max(by: { $0.more < $1.more })
        else { return }
        throw Failure(
            "the bucket holds \(readable(bytes: more)) beyond what its manifest names, most of it "
                + "in \(quoted(largest.path)); nothing is downloaded, and nothing destroyed",
            hint: "delete what is not yours from \(client.url), or take all of it with --force")
    }

    /// The documents below `run/`, which no manifest names.
    private static let mostOfTheAgent: Int64 = 1 << 30

    func list() async throws -> [StoredObject] {
        try await steps.run("listing the bucket") { try await client.list() }
    }

    /// Downloads the trees; goes on where a former call was cut off.
    func run(_ contents: Contents, to directory: String) async throws {
        for name in DownloadDirectory.trees { try makeDirectories(directory + "/" + name) }
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
        try await progress.during {
            try await fetch(contents.trees, to: directory, listing: contents.listing)
        }
    }

    /// - Parameter listing: of the first attempt; a later one lists anew.
    private func fetch(
        _ trees: [String], to directory: String, listing: TreeListing? = nil
    ) async throws {
        for tree in trees {
            var listing = listing?.below(tree)
            try await retrying {
                defer { listing = nil }
                try await client.download(
                    tree: tree, to: directory + "/" + tree, listing: listing)
            }
        }
    }

    /// Fetches single files anew, whatever is there under their names.
    ///
    /// Many of them by their trees, which is one command: a tool takes a second to start.
    func again(_ paths: [String], of manifest: Manifest, to directory: String) async throws {
        let paths = paths.filter { ManifestPath.objection(to: $0) == nil }
        let sizes = Dictionary(
            manifest.files.map { (PathKey($0.path), $0.size) }, uniquingKeysWith: max)
        for path in paths { unlink(directory + "/" + path) }
        if paths.count > Self.fewFiles {
            steps.line.say("  fetching \(counted(paths.count, "file")) once more")
            let trees = DownloadDirectory.allTrees.filter { tree in
                paths.contains { $0.utf8.starts(with: "\(tree)/".utf8) }
            }
            return try await fetch(trees, to: directory)
        }
        for path in paths {
            steps.line.say("  fetching \(quoted(path)) once more")
            let file = directory + "/" + path
            try makeDirectories(parentDirectory(file))
            // An object that is gone stays a difference; the comparison names it.
            try? await client.download(
                object: path, to: file,
                limit: TransferLimit.withSlack(sizes[PathKey(path)] ?? 0))
            try Task.checkCancellation()
        }
    }

    private func retrying(_ body: () async throws -> Void) async throws {
        var retry = Retry()
        retry.clock = steps.clock
        try await retry.run(
            attempts: Self.attempts,
            isWorthwhile: { !Task.isCancelled && ($0 as? Failure)?.reason != .tooLarge },
            onFailure: { error, pause in
                let summary = (error as? Failure)?.summary ?? "\(error)"
                steps.line.say(
                    "  \(oneLine(summary)); again in \(TimeSpan(seconds: pause.seconds.rounded(.up)))"
                )
            }, body)
        try Task.checkCancellation()
    }
}
