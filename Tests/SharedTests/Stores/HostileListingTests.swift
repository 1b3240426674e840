import Shared
import TestSupport
import Testing

/// What a store's tool lists is what somebody wrote into the bucket: an error or a list, never a trap.
@Suite struct HostileListingTests {
    private static let sizes = ["9223372036854775807", "-9223372036854775808", "-1", "0", "1e400"]

    private static let listings: [(url: String, tool: String, text: @Sendable (String) -> String)] =
        [
            (
                "gs://b/p", "gsutil",
                { "gs://b/p/a:\n    Content-Length: \($0)\nTOTAL: 1 objects\n" }
            ),
            (
                "gs://b/p", "gsutil",
                { "gs://b/p/:\n    Content-Length: \($0)\nTOTAL: -1 objects\n" }
            ),
            (
                "gs://b/p", "gcloud",
                { #"[{"name": "p/a", "size": "# + $0 + #", "generation": -1}]"# }
            ),
            (
                "s3://b/p", "aws",
                { #"[{"key": "p/a", "size": "# + $0 + #", "tag": "\"ab-9223372036854775807\""}]"# }
            ),
            ("s3://b/p", "aws", { #"[{"key": "", "size": "# + $0 + #", "tag": "-"}]"# }),
            (
                "az://b/p", "rclone",
                { #"[{"Path": "a", "Size": "# + $0 + #", "Hashes": {"md5": "x"}}]"# }
            ),
            ("file:///p", "", { #"{"path": "a", "size": "# + $0 + #", "crc32c": 0}"# + "\n{\n" }),
            ("file:///p", "", { #"{"path": "a", "size": "# + $0 + #", "crc32c": 0}"# + "\n" }),
            ("s3://b/p", "aws", { _ in String(repeating: "[", count: 100_000) }),
        ]

    @Test(arguments: listings.indices, sizes)
    func `a listing of anything traps nowhere`(index: Int, size: String) async throws {
        let (url, tool, text) = Self.listings[index]
        let runner = ScriptedRunner { _ in
            CommandResult(termination: .exited(0), output: text(size))
        }
        let client = try StoreClient(
            url: StoreURL(parsing: url), access: StoreAccess(tool: tool.isEmpty ? nil : tool),
            runner: runner)
        do {
            let objects = try await client.list()
            #expect(objects.map(\.size).byteSum >= 0)
        } catch {
            #expect(error is Failure)
        }
    }
}
