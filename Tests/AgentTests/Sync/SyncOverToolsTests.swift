import Shared
import TestSupport
import Testing

@testable import Agent

/// A whole life over the clouds' real tools, against the emulators.
@Suite struct SyncOverToolsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var scheme: String
        var kind: Emulator.Kind
        var tool: String
        var testDescription: String { "\(scheme):// by \(tool)" }
        var canRun: Bool { Emulator.canRun(kind) && isInstalled(tool) }
    }

    static let rows = [
        Row(scheme: "gs", kind: .google, tool: "gsutil"),
        Row(scheme: "s3", kind: .amazon, tool: "aws"),
        Row(scheme: "gs", kind: .google, tool: "gcloud"),
        Row(scheme: "gs", kind: .google, tool: "rclone"),
        Row(scheme: "s3", kind: .amazon, tool: "rclone"),
    ].filter(\.canRun)

    @Test(
        .enabled(if: !rows.isEmpty, "neither gsutil nor aws with an emulator is here"),
        arguments: rows)
    func `what goes up is proved, and comes back on a new machine`(row: Row) async throws {
        let emulator = try await Emulator.shared(row.kind)
        let url = try StoreURL(parsing: "\(row.scheme)://\(try await emulator.makeBucket())/run")
        let client = try StoreClient(
            url: url, access: emulator.access(tool: row.tool), runner: emulator.runner())
        let fixture = try SyncFixture()
        try fixture.rename("weights", to: fixture.output + "/deep er/model [1].pt")
        try fixture.write("{\"n\":1}\n{\"n\"", to: fixture.logs + "/metrics.jsonl")
        symlink("deep er", fixture.output + "/latest")
        let engine = try fixture.engine(client: client)
        #expect(try await engine.restore() == 0)
        await engine.tick()
        #expect(fixture.record.lastError == nil)
        #expect(try await read("output/deep er/model [1].pt", client) == "weights")
        #expect(try await read("logs/metrics.jsonl", client) == "{\"n\":1}\n")
        // The same size within the same second.
        try fixture.rename("WEIGHTS", to: fixture.output + "/deep er/model [1].pt")
        try await engine.finish(until: nil)
        #expect(try await read("output/deep er/model [1].pt", client) == "WEIGHTS")
        #expect(fixture.record.verified)

        let other = try SyncFixture()
        let next = try other.engine(client: client)
        #expect(try await next.restore() == 2)
        let restored = try readFile(other.output + "/deep er/model [1].pt")
        #expect(restored == Data("WEIGHTS".utf8))
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: other.output + "/latest")
                == "deep er")
    }

    private func read(_ path: String, _ client: StoreClient) async throws -> String? {
        try await client.read(path).map { String(decoding: $0, as: UTF8.self) }
    }
}
