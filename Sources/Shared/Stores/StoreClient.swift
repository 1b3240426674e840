/// Moves objects: runs the commands of one store below one prefix.
///
/// Each call is one attempt; callers that may wait retry (`Retry`). A transfer that moves nothing for
/// `stallTimeout` is killed with its whole process group.
package struct StoreClient: Sendable {
    package let url: StoreURL
    package let store: any ObjectStore
    let watch: StallWatch
    private(set) var runner: any CommandRunner
    /// Of every command, beside its own.
    private var environment: [String: String] = [:]
    /// Open in every command until it ends.
    private var descriptors: [Int32] = []

    /// - Throws: `Failure` where no store has that scheme or the chosen tool does not fit.
    package init(
        url: StoreURL, access: StoreAccess = StoreAccess(), runner: any CommandRunner,
        stallTimeout: Duration = .seconds(120)
    ) throws {
        self.url = url
        self.store = try StoreRegistry.store(for: url, access: access)
        self.runner = runner
        self.watch = StallWatch(timeout: stallTimeout)
    }

    private init(url: StoreURL, like other: StoreClient) {
        self.url = url
        store = other.store
        watch = other.watch
        runner = other.runner
        environment = other.environment
        descriptors = other.descriptors
    }

    /// The same, with these in the environment of every command.
    package func with(environment: [String: String]) -> StoreClient {
        var client = self
        client.environment.merge(environment) { $1 }
        return client
    }

    /// The same, with these open in every command until it ends, even where this process dies before
    /// it: a lock then lasts as long as a tool that outlives this process.
    package func with(holding descriptors: [Int32]) -> StoreClient {
        var client = self
        client.descriptors += descriptors
        return client
    }

    /// The same, with its commands run by another runner.
    func with(runner: any CommandRunner) -> StoreClient {
        var client = self
        client.runner = runner
        return client
    }

    /// The same store below another prefix.
    func moved(to place: StoreURL) -> StoreClient { StoreClient(url: place, like: self) }

    /// Uploads all files below `directory`, replacing; deletes nothing.
    ///
    /// - Parameters:
    ///   - known: how many objects are below the prefix by what we know: where that is much more
    ///     than there is to send, the command is one whose cost does not grow with it.
    ///   - isOurs: nothing in the tree may stay behind, since we put all of it there to go up.
    /// - Returns: a line for each entry that no store can hold: a link out of the tree, a pipe,
    ///   a name that is not UTF-8.
    /// - Throws: `Failure`; some of the files may be up. Where the tree `isOurs`, also for what was left
    ///   out, once the rest is up.
    @discardableResult
    package func upload(
        tree directory: String, known: Int, isOurs: Bool = false
    ) async throws -> [String] {
        let scan = try TreeScan(of: directory)
        try await send(scan, of: directory, known: known)
        let left = scan.skipped + scan.halfWritten.map { "left out \(quoted($0))" }
        guard !isOurs || left.isEmpty else {
            throw Failure(
                "uploading \(url): \(left.count) things were not sent, which should have been",
                detail: left.prefix(20).joined(separator: "\n"))
        }
        return scan.skipped
    }

    private func send(_ scan: TreeScan, of directory: String, known: Int) async throws {
        guard !scan.files.isEmpty else { return }
        let layout = store.layout(for: scan, known: known)
        if layout == .asItIs {
            let tree = UploadTree(directory: directory, layout: layout, files: scan.files)
            try await send(tree, to: url)
        } else {
            try await upload(scan.files, layout: layout, to: url)
        }
    }

    /// Uploads one file as exactly this object; by the store's faster tool where there is one.
    package func upload(file: String, as path: String) async throws {
        try RelativePath.check(path)
        let object = url.appending(path)
        guard let source = realPath(file), !isDirectory(source) else {
            throw systemFailure("cannot read \(quoted(file))", code: exists(file) ? EISDIR : ENOENT)
        }
        if let faster = faster,
            try await succeeds(faster.upload(file: source, to: object))
        {
            return
        }
        guard store.needsTree(object.path) else {
            return try await perform(
                store.upload(file: source, to: object), doing: "uploading", at: object)
        }
        // As a tree of one: inside a tree the tool takes the name as it is.
        let alone = TreeScan.File(path: object.path, source: source, size: 0)
        let bucket = StoreURL(scheme: url.scheme, bucket: url.bucket, path: "")
        try await upload([alone], layout: .linksBelowPrefix, to: bucket)
    }

    /// Uploads files of a directory by their names in it.
    func upload(_ paths: [String], of directory: String) async throws {
        let files = paths.map { path in
            TreeScan.File(
                path: path, source: "\(directory)/\(path)",
                size: (try? FileRange.size(of: "\(directory)/\(path)")) ?? 0)
        }
        guard !files.isEmpty else { return }
        let layout = store.layout(for: TreeScan(files: files), known: 0)
        try await upload(files, layout: layout == .asItIs ? .links : layout, to: url)
    }

    private func upload(
        _ files: [TreeScan.File], layout: UploadTree.Layout, to prefix: StoreURL
    ) async throws {
        let directory = try TemporaryDirectory(prefix: "train-upload")
        defer { directory.remove() }
        let tree = try UploadTree.linked(
            files, in: directory.path + "/tree", layout: layout, prefix: prefix)
        try await send(tree, to: prefix)
    }

    private func send(_ tree: UploadTree, to prefix: StoreURL) async throws {
        try await perform(store.upload(tree, to: prefix), doing: "uploading", at: prefix)
    }

    /// The bytes of a small object; nil if it does not exist.
    ///
    /// - Parameter limit: in bytes. A transfer that passes it is stopped.
    /// - Throws: `Failure`, with the reason `tooLarge` for an object beyond the limit.
    package func read(_ path: String, limit: Int = JSONFormat.maximumBytes) async throws -> Data? {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let file = directory.path + "/object"
        guard try await fetch(path, to: file, limit: Int64(limit), doing: "reading") else {
            return nil
        }
        return try readFile(file, limit: limit)
    }

    /// All objects below `path` ("" for everything), sorted by path.
    ///
    /// The names are what someone wrote into the bucket: see `RelativePath` before using one.
    package func list(_ path: String = "") async throws -> [StoredObject] {
        let prefix = path.isEmpty ? url : url.appending(path)
        let result = try await run(store.list(prefix))
        return Self.files(try store.objects(from: result, under: prefix))
    }

    /// What ends in a slash is a folder that a web console made: no file.
    static func files(_ objects: [StoredObject]) -> [StoredObject] {
        objects.filter { !$0.path.isEmpty && !$0.path.hasSuffix("/") }
            .sorted { $0.path < $1.path }
    }

    /// The store's faster tool, where it is installed by now.
    var faster: (any ObjectStore)? {
        store.traits.faster.flatMap { isInstalled($0.traits.tool) ? $0 : nil }
    }

    /// Deletes objects; one that is gone already is no error.
    package func delete(_ paths: [String]) async throws {
        guard !paths.isEmpty else { return }
        try paths.forEach(RelativePath.check)
        var objects = paths.map { StoredObject(path: $0, size: 0) }
        if paths.contains(where: store.isAwkward) {
            let wanted = Set(paths)
            objects = try await list().filter { wanted.contains($0.path) }
            guard !objects.isEmpty else { return }
        }
        let step = min(store.traits.mostDeletions, objects.count)
        for start in stride(from: 0, to: objects.count, by: step) {
            let end = min(start + step, objects.count)
            let result = try await run(store.delete(Array(objects[start..<end]), under: url))
            if store.deleted(result) { continue }
            // The tools say the same of a missing object as of a forbidden one: so look.
            let left = try await Set(list().map(\.path)).intersection(paths)
            guard left.isEmpty else { throw store.failure(result, doing: "deleting", at: url) }
            return
        }
    }

    /// Also false where it stalls: another tool may get through.
    ///
    /// - Throws: `Failure` where it passes its limit: another tool would bring as much.
    func succeeds(_ command: Command, within limit: TransferLimit? = nil) async throws -> Bool {
        do {
            return try await run(command, within: limit).succeeded
        } catch let failure as Failure where failure.reason != .tooLarge {
            return false
        }
    }

    func perform(_ command: Command, doing: String, at place: StoreURL) async throws {
        let result = try await run(command)
        guard result.succeeded else { throw store.failure(result, doing: doing, at: place) }
    }

    func run(
        _ command: Command, within limit: TransferLimit? = nil
    ) async throws -> CommandResult {
        var command = command
        for (name, value) in environment { command.environment[name] = value }
        command.descriptors += descriptors
        do {
            return try await watch.run(command, within: limit, with: runner)
        } catch var failure as Failure where failure.reason == .notInstalled {
            let others = StoreRegistry.tools(for: url.scheme).filter { $0 != store.traits.tool }
            failure.hint =
                "install it"
                + (others.isEmpty
                    ? "" : ", or choose --transfer_tool \(others.joined(separator: " or "))")
            throw failure
        }
    }
}
