/// One kind of store, as the registry lists it.
package struct StoreKind: Sendable {
    /// One way to move its objects.
    struct Tool: Sendable {
        var name: String
        var make: @Sendable (StoreParts) -> any ObjectStore
    }

    package let scheme: String
    /// How a person writes a place there.
    package let example: String
    /// The cloud's own word for what holds its objects.
    package let container: String
    /// What `--transfer_tool` may name; the first is used if it names none. Empty if the store has
    /// one way only, which needs no program.
    let tools: [Tool]
    /// The way of a store without tools.
    var own: (@Sendable (StoreParts) -> any ObjectStore)?
}

/// What the stores are made of.
struct StoreParts: Sendable {
    let access: StoreAccess
    /// The key file's absolute path.
    let key: String?
    let rclone: RcloneStore
    /// rclone, if it may step in for the tool, because the user chose none; whether it is installed is
    /// asked at each call, since a machine gets it while it runs.
    let faster: RcloneStore?

    init(for url: StoreURL, access: StoreAccess) {
        self.access = access
        key = access.credentialsPath.map(StoreURL.absolutePath)
        rclone = RcloneStore(remote: RcloneRemote(for: url, credentialsPath: key))
        faster = access.tool == nil ? rclone : nil
    }

    func gsutil(faster: RcloneStore?) -> GsutilStore {
        GsutilStore(
            credentialsPath: key,
            stateDirectory: access.stateDirectory ?? GsutilStore.defaultStateDirectory,
            impersonated: key == nil
                ? LoginVariables.impersonated(in: ProcessInfo.processInfo.environment) : nil,
            faster: faster)
    }
}

/// The only list of stores: schemes, tools, messages and completion read it.
package enum StoreRegistry {
    private static let rclone = StoreKind.Tool(name: "rclone") { $0.rclone }

    package static let kinds = [
        StoreKind(
            scheme: "gs", example: "gs://BUCKET", container: "bucket",
            tools: [
                StoreKind.Tool(name: "gsutil") { $0.gsutil(faster: $0.faster) },
                StoreKind.Tool(name: "gcloud") { GcloudStore(gsutil: $0.gsutil(faster: nil)) },
                rclone,
            ]),
        StoreKind(
            scheme: "s3", example: "s3://BUCKET", container: "bucket",
            tools: [
                StoreKind.Tool(name: "aws") {
                    AWSCLIStore(credentialsPath: $0.key, faster: $0.faster)
                },
                rclone,
            ]),
        StoreKind(
            scheme: "az", example: "az://ACCOUNT/CONTAINER", container: "container",
            tools: [rclone]),
        StoreKind(
            scheme: "file", example: "a directory", container: "directory", tools: [],
            own: { DirectoryStore(program: $0.access.program ?? OwnProgram.path()) }),
    ]

    package static var schemes: [String] { kinds.map(\.scheme) }

    /// One place, for a sentence.
    package static var example: String { kinds.first?.example ?? "" }

    /// The places a person may give, as the end of a hint.
    package static var examples: String {
        kinds.dropLast().map(\.example).joined(separator: ", ") + ", or "
            + (kinds.last?.example ?? "")
    }

    /// All tools, each once, in the order of the stores.
    package static var tools: [String] {
        kinds.flatMap(\.tools).map(\.name).reduce(into: []) { names, name in
            if !names.contains(name) { names.append(name) }
        }
    }

    package static func kind(of scheme: String) -> StoreKind? {
        kinds.first { $0.scheme == scheme }
    }

    /// The tools that `--transfer_tool` may name for a scheme; the first is the cloud's own.
    package static func tools(for scheme: String) -> [String] {
        kind(of: scheme)?.tools.map(\.name) ?? []
    }

    /// - Throws: `Failure` with exit code 2 if no store has that scheme or tool.
    package static func store(for url: StoreURL, access: StoreAccess) throws -> any ObjectStore {
        guard let kind = kind(of: url.scheme) else {
            throw Failure.usage("\(url): no store has the scheme \(quoted(url.scheme))")
        }
        let parts = StoreParts(for: url, access: access)
        // A directory needs no tool, whatever was chosen for the bucket beside it.
        if let own = kind.own { return own(parts) }
        let tool = access.tool.map { name in kind.tools.first { $0.name == name } }
        if let tool = tool ?? kind.tools.first { return tool.make(parts) }
        throw Failure.usage(
            "--transfer_tool \(access.tool ?? "") does not fit \(url.scheme)://",
            hint: "give one of: \(tools(for: url.scheme).joined(separator: ", "))")
    }
}
