import Shared
import Testing

@Suite struct TimeSpanTests {
    @Test(arguments: [
        ("90s", 90), ("30m", 1800), ("24h", 86_400), ("7d", 604_800), ("1h30m", 5400),
        ("1.5h", 5400), ("90", 90), ("0", 0), ("0s", 0), ("2.5", 2.5),
        ("1d2h3m4s", 93_784),
    ])
    func `lengths of time are read`(text: String, seconds: Double) {
        #expect(TimeSpan(text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "h", "1m1h", "1h1h", "-5m", "-5", "1e3", "1e9d", "nan", "inf", "1 h", "٣h", "4000d",
        "1h30",
        "..s",
    ])
    func `what is no length of time is refused`(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(arguments: [
        (0, "0s"), (0.4, "0s"), (45, "45s"), (200, "3m20s"), (3600, "1h"), (3605, "1h"),
        (7500, "2h5m"), (90_000, "1d1h"), (-3, "0s"), (.infinity, "for ever"),
    ])
    func `they are shown in their two largest units`(seconds: Double, text: String) {
        #expect(TimeSpan(seconds: seconds).description == text)
    }
}
