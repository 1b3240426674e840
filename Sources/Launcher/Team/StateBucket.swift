import Shared

/// One run's place in the bucket that `--state_bucket` names: `BUCKET/PREFIX/RUN/`.
///
/// Beside Terraform's state lies `run.json`, so that any computer of the team can finish the run.
struct StateBucket: Sendable {
    let client: StoreClient

    private static let document = "run.json"

    /// Where a run's state lies in the user's bucket.
    ///
    /// - Throws: `Failure` with exit code 2 where it is no bucket of this cloud.
    static func place(
        _ text: String, of run: RunName, on cloud: any CloudProvider
    ) throws -> StoreURL {
        let url: StoreURL
        do {
            url = try cloud.dataset(text)
        } catch var failure as Failure {
            failure.summary = "--state_bucket: \(failure.summary)"
            throw failure
        }
        return url.appending(run.slug)
    }

    init(_ record: RunRecord, place: String, runner: any CommandRunner) throws {
        client = try StoreClient(
            url: StoreURL(parsing: place),
            access: StoreAccess(credentialsPath: record.credentialsPath, tool: record.transferTool),
            runner: runner)
    }

    init(_ place: StoreURL, access: StoreAccess, runner: any CommandRunner) throws {
        client = try StoreClient(url: place, access: access, runner: runner)
    }

    /// - Returns: nil where the bucket knows no such run (any more).
    func read() async throws -> SharedRun? {
        guard let data = try await client.read(Self.document) else { return nil }
        return try JSONFormat.decode(
            SharedRun.self, from: data, name: "\(client.url)/\(Self.document)")
    }

    /// Whether nothing is left of the run, neither its document nor Terraform's state.
    func isEmpty() async throws -> Bool {
        try await client.list().allSatisfy {
            // Of a start that came later, or stayed behind by a kill.
            $0.path.utf8.starts(with: "\(StartClaim.directory)/".utf8)
        }
    }

    func publish(_ run: SharedRun) async throws {
        try await write(JSONFormat.encode(run), as: Self.document)
    }

    func write(_ data: Data, as path: String) async throws {
        let directory = try TemporaryDirectory(prefix: "train-state")
        defer { directory.remove() }
        let file = directory.path + "/object"
        try AtomicFile.write(data, to: file, mode: 0o600)
        try await client.upload(file: file, as: path)
    }

    /// Removes the run's place, its document last: a removal that is killed can then go on.
    func remove() async throws {
        let paths = try await client.list().map(\.path)
        try await client.delete(paths.filter { $0 != Self.document })
        try await client.delete(paths.filter { $0 == Self.document })
    }
}
