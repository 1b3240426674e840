import Shared
import TestSupport
import Testing

/// Secrets that lie in a store, as they do on a rented machine.
@Suite(.timeLimit(.minutes(5))) struct AgentSecretsTests {
    private static let value = "s3cr3t-and-long-enough"
    private static let main = """
        import os
        print("backwards", os.environ["TOKEN"][::-1])

        """

    @Test func `secrets of a store reach the trainer and nothing else`() async throws {
        try await AgentFixture.with(main: Self.main, change: Self.bySecrets) { fixture in
            try AtomicFile.write(
                Data(#"{"TOKEN": "\#(Self.value)"}"#.utf8),
                to: fixture.root.path + "/dataset/secrets.json")
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(0), "\(result.errorOutput)")
            try fixture.expectEnded(.succeeded)
            let backwards = String(Self.value.reversed())
            #expect(fixture.inBucket("logs/train.log") == "backwards \(backwards)\n")
            for path in [BucketLayout.status, BucketLayout.events, "run/capsule.json"] {
                #expect(fixture.inBucket(path)?.contains(Self.value) == false)
            }
            #expect(!result.errorOutput.contains(Self.value))
        }
    }

    @Test(arguments: [nil, "no JSON"])
    func `secrets that are not there end the run before the trainer`(text: String?) async throws {
        try await AgentFixture.with(main: Self.main, change: Self.bySecrets) { fixture in
            if let text {
                try AtomicFile.write(
                    Data(text.utf8), to: fixture.root.path + "/dataset/secrets.json")
            }
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(125))
            let outcome = try #require(try fixture.status().outcome)
            #expect(outcome.kind == .setupFailed)
            #expect(outcome.message.contains("secrets"))
        }
    }

    private static func bySecrets(_ job: inout Job) { job.secrets = job.dataset + "/secrets.json" }
}
