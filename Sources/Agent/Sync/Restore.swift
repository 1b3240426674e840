import Shared

/// Brings output and logs of earlier machines back, verified, before anything can be uploaded.
///
/// What is on this machine already is never replaced: it is as new or newer. An older log of
/// the same name comes back as `NAME.1`, so that no attempt's log is lost. What a training could not
/// resume from stays away: see `RestorePlan`.
struct Restore {
    let client: StoreClient
    let context: SyncContext
    let ledger: UploadLedger
    let retry: Retry
    let progress: SyncProgress

    /// - Returns: how many files came back; 0 where the bucket has no manifest, or where this
    ///   machine has them still.
    /// - Throws: `Failure` where not all came back as the manifest says.
    func run() async throws -> Int {
        if ledger.isRestored, isDiskStillHere() { return 0 }
        let text = try await patiently {
            try await client.read(BucketLayout.manifest, limit: JSONFormat.maximumManifestBytes)
        }
        guard let text else { return 0 }
        let manifest = try JSONFormat.decode(
            Manifest.self, from: text, name: BucketLayout.manifest)
        try refuseHostilePaths(manifest)
        ledger.restart(from: manifest)
        guard !manifest.files.isEmpty else { return 0 }
        let (directory, files) = try await download(manifest)
        let choice = try RestoreChoice(files, in: directory)
        for note in choice.notes { context.event(.warning, "not restored: \(note)", nil) }
        let count = try place(files, of: choice, from: directory)
        makeEmptyDirectories(manifest)
        for line in DirectoryLinks(manifest, root: root(of:)).make() {
            context.event(.warning, "not restored: \(line)", nil)
        }
        try await recordListedMD5()
        removeTree(directory)
        return count
    }

    private func patiently<Result: Sendable>(
        _ body: () async throws -> Result
    ) async throws -> Result {
        try await retry.run(attempts: 5, onFailure: progress.tellRetry, body)
    }

    /// Notes what the bucket lists of what came back from it, verified: the last check compares
    /// with that, as it does for what this machine uploads.
    ///
    /// Of no listing nothing is noted: the files are back, and the run need not end for that.
    private func recordListedMD5() async throws {
        guard ledger.listedMD5 != nil else { return }
        do {
            let listing = try await patiently { try await client.list() }
            ledger.recordListing(listing)
            ledger.recordListedMD5(listing)
        } catch {
            if Task.isCancelled || error is CancellationError { throw error }
            context.event(
                .warning, "restored files are compared by size alone: \(error)", nil)
        }
    }

    private func refuseHostilePaths(_ manifest: Manifest) throws {
        for entry in manifest.files {
            guard let objection = ManifestPath.objection(to: entry.path) else { continue }
            throw Failure("\(BucketLayout.manifest): \(quoted(entry.path)) \(objection)")
        }
    }

    /// Whether anything of what a former process uploaded is still here: then the disk is the same,
    /// and what lacks was deleted here by the trainer.
    private func isDiskStillHere() -> Bool {
        let known = ledger.indices.filter { ledger[$0].up != nil }
        return known.isEmpty
            || known.contains { index in
                var information = stat()
                return stat(ledger.source(of: index), &information) == 0
                    && FileVersion(information).inode == ledger[index].up?.stamp.inode
            }
    }

    /// Downloads what the manifest names and verifies it; once more what differs.
    private func download(_ manifest: Manifest) async throws -> (String, [Manifest.Entry]) {
        let directory = context.place.restored
        let trees = BucketLayout.trees.filter { tree in
            manifest.files.contains { $0.path.utf8.starts(with: "\(tree)/".utf8) }
        }
        var differences: [Difference] = []
        for _ in 1...2 {
            for difference in differences { removeTree("\(directory)/\(difference.path)") }
            for tree in trees {
                try await patiently {
                    try await client.download(tree: tree, to: "\(directory)/\(tree)")
                }
            }
            differences = await ManifestCheck.compare(manifest, directory: directory)
            if differences.isEmpty { return (directory, manifest.files) }
        }
        // A sync that broke off has replaced objects without telling the manifest.
        let listing = try await client.list()
        let newer = await NewerObjects(
            differences, of: manifest, directory: directory, listing: listing,
            md5: ledger.listedMD5)
        guard newer.remaining.isEmpty else {
            throw Failure(
                "what came back from the bucket is not what its manifest says",
                detail: newer.remaining.prefix(20).map(\.description).joined(separator: "\n"))
        }
        var accepted: [PathKey: Manifest.Entry] = [:]
        for entry in newer.accepted { accepted[PathKey(entry.path)] = entry }
        return (directory, manifest.files.map { accepted[PathKey($0.path)] ?? $0 })
    }

    /// Moves verified files to their places, each by a rename.
    private func place(
        _ files: [Manifest.Entry], of choice: RestoreChoice, from directory: String
    ) throws -> Int {
        var count = 0
        for entry in files {
            let restored = "\(directory)/\(entry.path)"
            var path = entry.path
            let isAbsent = choice.absent.contains(PathKey(path))
            if isAbsent || !isFree(path) {
                // Known to be up, but not as what is here.
                ledger.recordRestored(
                    entry, FileVersion(size: -1, mtime: entry.mtime, ctime: 0, inode: 0))
                guard !isAbsent, path.utf8.starts(with: "\(BucketLayout.logs)/".utf8) else {
                    continue
                }
                path = freeName(for: path, taken: files)
            }
            let target = context.trees.source(of: path)
            try makeDirectories(parentDirectory(target))
            try move(restored, to: target, mtime: entry.mtime)
            count += 1
            guard path == entry.path else { continue }
            if choice.changed.contains(PathKey(path)) {
                ledger.recordRestored(
                    entry, FileVersion(size: -1, mtime: entry.mtime, ctime: 0, inode: 0))
                continue
            }
            var information = stat()
            guard stat(target, &information) == 0 else {
                throw systemFailure("cannot read \(quoted(target))")
            }
            ledger.recordRestored(entry, FileVersion(information))
        }
        return count
    }

    /// Programs look into directories that they once made. Not those of numbered checkpoints: an
    /// empty one would be the newest.
    private func makeEmptyDirectories(_ manifest: Manifest) {
        for directory in manifest.emptyDirectories {
            let inside = "\(directory)/x"
            guard ManifestPath.objection(to: inside) == nil, isFree(inside),
                CheckpointName(directoryOf: inside) == nil
            else { continue }
            // What stands in its way is newer.
            try? makeDirectories(context.trees.source(of: directory))
        }
    }

    private func root(of tree: String) -> String {
        tree == BucketLayout.output ? context.trees.output : context.trees.logs
    }

    /// Whether a restored file may have its place: nothing is there, or the code's own version of
    /// what the training wrote. Of the code itself nothing is replaced: what comes out of a bucket
    /// must not decide what runs.
    private func isFree(_ path: String) -> Bool {
        let target = context.trees.source(of: path)
        guard path.utf8.starts(with: "\(BucketLayout.stray)/".utf8) else { return !exists(target) }
        // A link of the code could lead it out of the directory.
        var directory = parentDirectory(target)
        while !exists(directory) { directory = parentDirectory(directory) }
        guard isDirectory(directory), let real = realPath(directory),
            let root = realPath(context.trees.code),
            real == root || real.utf8.starts(with: "\(root)/".utf8)
        else { return false }
        var information = stat()
        guard lstat(target, &information) == 0 else { return true }
        let isProgram = [".py", ".pyc", ".pth", ".so", ".sh"].contains(where: target.hasSuffix)
        return information.st_mode & S_IFMT == S_IFREG && !isProgram
    }

    private func freeName(for path: String, taken files: [Manifest.Entry]) -> String {
        let names = Set(files.map { PathKey($0.path) })
        var number = 1
        while names.contains(PathKey("\(path).\(number)"))
            || exists(context.trees.source(of: "\(path).\(number)"))
        {
            number += 1
        }
        return "\(path).\(number)"
    }

    private func move(_ source: String, to target: String, mtime: Int64) throws {
        let time = timespec(nanoseconds: mtime)
        guard utimensat(AT_FDCWD, source, [time, time], AT_SYMLINK_NOFOLLOW) == 0 else {
            throw systemFailure("cannot restore \(quoted(target))")
        }
        if rename(source, target) == 0 { return }
        guard errno == EXDEV else { throw systemFailure("cannot restore \(quoted(target))") }
        // Another file system: a copy, under its name only once it is whole.
        try WholeCopy.copy(source, to: target)
    }
}
