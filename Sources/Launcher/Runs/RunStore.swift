import Shared

/// The runs that this computer knows, each opened as it is now.
struct RunStore: Sendable {
    let context: Context

    private var clouds: CloudRegistry { CloudRegistry(context) }

    /// The run that a command is about: of this computer, or of the team's state bucket.
    ///
    /// A run of that bucket is made known here first; then the record takes the key that was given
    /// this time, and what other computers did to the run since.
    ///
    /// - Throws: `Failure` if none or several runs fit.
    func open(_ address: RunAddress) async throws -> RunHandle {
        if let bucket = address.stateBucket { try await attach(address, bucket) }
        let (folder, record) = try address.find(in: context.state)
        return try await open(
            handle(folder, record),
            credentialsPath: CredentialsFile.checked(address.credentialsPath))
    }

    /// The last two steps of that, for a run that is found already.
    func open(_ known: RunHandle, credentialsPath: String? = nil) async throws -> RunHandle {
        var run = known
        if let path = credentialsPath, path != run.record.credentialsPath {
            run.record = try await run.cloud.rekeyed(run, credentialsPath: path)
        }
        return try await run.cloud.refreshed(run)
    }

    func handle(_ folder: RunFolder, _ record: RunRecord) throws -> RunHandle {
        RunHandle(
            record: record, folder: folder, cloud: try clouds.cloud(record.run.cloud),
            context: context)
    }

    /// What a look at one known run gave.
    enum Seen: Sendable {
        case view(RunView)
        /// The run cannot be looked at; its name, if at least its record can be read.
        case problem(RunFolder, RunName?, Failure)
    }

    /// Looks at every run that is known here, newest first.
    ///
    /// Several at a time: each look is a tool that waits for a network.
    func lookAtAll() async throws -> [Seen] {
        try await ParallelMap.run(context.state.all(), limit: Self.looksAtOnce) { entry -> Seen in
            var name: RunName?
            do {
                let record = try entry.record.get()
                name = record.run
                return .view(try await open(handle(entry.folder, record)).look())
            } catch {
                let failure = (error as? Failure) ?? Failure("\(error)")
                return .problem(entry.folder, name, failure)
            }
        }
    }

    private static let looksAtOnce = 8

    private func attach(_ address: RunAddress, _ bucket: String) async throws {
        let cloud = try clouds.cloud(address.cloud ?? CloudRegistry.defaultName)
        let run = try address.newRun(on: cloud)
        let folder = try context.state.folder(of: run)
        guard !exists(folder.recordPath) else { return }
        let access = StoreAccess(
            credentialsPath: try CredentialsFile.checked(address.credentialsPath))
        try await cloud.attach(run, stateBucket: bucket, access: access, to: folder)
    }
}
