/// Moves objects: runs the commands of one store below one prefix.
///
/// Each call is one attempt; who may wait retries (`Retry`). A transfer that moves nothing for
/// `stallTimeout` is killed with its whole process group.
package struct StoreClient: Sendable {
    package let url: StoreURL
    package let store: any ObjectStore
    private let runner: any CommandRunner
    private let stallTimeout: Duration

    /// - Throws: `Failure` where no store has that scheme or the chosen tool does not fit.
    package init(
        url: StoreURL, access: StoreAccess = StoreAccess(), runner: any CommandRunner,
        stallTimeout: Duration = .seconds(120)
    ) throws {
        self.url = url
        self.store = try StoreRegistry.store(for: url, access: access)
        self.runner = runner
        self.stallTimeout = stallTimeout
    }

    /// Uploads all files below `directory`; see `ObjectStore.upload(tree:to:changed:known:)`.
    package func upload(tree directory: String, changed: Int, known: Int) async throws {
        let command = store.upload(tree: directory, to: url, changed: changed, known: known)
        try await perform(command, doing: "uploading", at: url)
    }

    package func upload(file: String, as path: String) async throws {
        let object = url.appending(path)
        try await perform(store.upload(file: file, to: object), doing: "uploading", at: object)
    }

    /// Downloads all below `path` ("" for everything) into `directory`, which is made.
    package func download(tree path: String, to directory: String) async throws {
        try makeDirectories(directory)
        let prefix = path.isEmpty ? url : url.appending(path)
        let command = store.download(tree: prefix, to: directory)
        try await perform(command, doing: "downloading", at: prefix)
    }

    package func download(object path: String, to file: String) async throws {
        let object = url.appending(path)
        try await perform(
            store.download(object: object, to: file), doing: "downloading", at: object)
    }

    /// The bytes of a small object; nil where there is none.
    package func read(_ path: String, limit: Int = JSONFormat.maximumBytes) async throws -> Data? {
        let object = url.appending(path)
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let file = directory.path + "/object"
        let result = try await run(store.download(object: object, to: file))
        guard result.succeeded else {
            if store.isMissing(result) { return nil }
            throw store.failure(result, doing: "reading", at: object)
        }
        return try readFile(file, limit: limit)
    }

    /// All objects below `path` ("" for everything), sorted by path.
    package func list(_ path: String = "") async throws -> [StoredObject] {
        let prefix = path.isEmpty ? url : url.appending(path)
        let result = try await run(store.list(prefix))
        return try store.objects(from: result, under: prefix).sorted { $0.path < $1.path }
    }

    package func delete(_ paths: [String]) async throws {
        guard !paths.isEmpty else { return }
        try await perform(store.delete(paths, under: url), doing: "deleting", at: url)
    }

    private func perform(_ command: Command, doing: String, at place: StoreURL) async throws {
        let result = try await run(command)
        guard result.succeeded else { throw store.failure(result, doing: doing, at: place) }
    }

    private func run(_ command: Command) async throws -> CommandResult {
        try await StallWatch(timeout: stallTimeout).run(command, with: runner)
    }
}
