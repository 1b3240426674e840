import Shared
import Testing

@testable import Launcher

@Suite struct MaximumDurationTests {
    @Test(arguments: [("90m", 5400.0), ("24h", 86_400), ("never", nil)] as [(String, Double?)])
    func `a limit is read, and none where it is spelled out`(text: String, seconds: Double?) throws
    {
        let duration = try #require(MaximumDuration(text))
        #expect(duration.limit?.seconds == seconds)
    }

    @Test(arguments: ["", "0", "24", "Never", "none", "-1h"])
    func `what is neither is refused`(text: String) {
        #expect(MaximumDuration(text) == nil)
    }

    @Test func `the flags reach the job`() throws {
        let words = [
            "a/b", "--code_path", "c", "--dataset_bucket", "d", "--sync_interval_seconds", "7",
            "--exclude", "*.tmp", "--mirror", "--keep_last", "3", "--max_staleness", "5m",
            "--transfer_timeout", "30s", "--transfer_tool", "rclone", "--", "--epochs", "2",
        ]
        let arguments = try Parser.parse(StartArguments.self, words).checked()
        let sync = arguments.sync
        #expect(sync.intervalSeconds == 7)
        #expect(sync.exclude == ["*.tmp"])
        #expect(sync.mirror)
        #expect(sync.keepLast == 3)
        #expect(sync.maxStalenessSeconds == 300)
        #expect(sync.transferTimeoutSeconds == 30)
        #expect(sync.transferTool == "rclone")
        #expect(arguments.arguments == ["--epochs", "2"])
        #expect(arguments.maxDuration.limit?.seconds == 86_400)
    }
}
