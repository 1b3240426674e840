import Shared
import TestSupport
import Testing

/// A state bucket, and a second computer that knows it.
struct Team {
    let cloud: CloudFixture
    let bucket: String

    var flags: [String] { ["--state_bucket", bucket + "/team"] }

    init(_ cloud: CloudFixture) async throws {
        self.cloud = cloud
        bucket = try await cloud.store.makeBucket()
    }

    func elsewhere(_ words: [String]) async throws -> CommandResult {
        var command = cloud.command(words)
        command.environment["XDG_STATE_HOME"] = .some(cloud.scratch.path + "/other")
        return try await PosixRunner().run(command)
    }

    func finishElsewhere(_ more: [String] = []) async throws -> CommandResult {
        try await elsewhere(
            ["finish", "classifier/beer", "--project_name", cloud.project]
                + ["--destination", cloud.laptop.collected] + flags + more)
    }

    /// An object of the run's place in the bucket.
    func read(_ name: String) throws -> Data {
        try cloud.store.get(bucket: bucket, name: "team/\(cloud.slug())/\(name)")
    }

    func write(_ data: Data, _ name: String) throws {
        try cloud.store.put(data, bucket: bucket, name: "team/\(cloud.slug())/\(name)")
    }

    /// As if the first computer had been silent since then.
    func ageLease() throws {
        var run = try JSONDecoder().decode(
            [String: JSONValue].self, from: read("run.json"))
        let host = try #require(run["start_lease"]?["host"])
        run["start_lease"] = .object([
            "host": host, "renewed_at": "2020-01-01T00:00:00Z",
        ])
        try write(JSONEncoder().encode(run), "run.json")
    }
}
