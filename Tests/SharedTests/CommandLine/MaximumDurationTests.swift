import Shared
import Testing

@Suite struct MaximumDurationTests {
    @Test(
        arguments: [("90m", 5400.0), ("24h", 86_400), ("3600", 3600), ("never", nil)]
            as [(String, Double?)])
    func `a limit is read, and none where it is spelled out`(text: String, seconds: Double?) throws
    {
        let duration = try #require(MaximumDuration(text))
        #expect(duration.limit?.seconds == seconds)
    }

    @Test(arguments: ["", "0", "0s", "Never", "none", "-1h"])
    func `what is neither is refused`(text: String) {
        #expect(MaximumDuration(text) == nil)
    }
}
