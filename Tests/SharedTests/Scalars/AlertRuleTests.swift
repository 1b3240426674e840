import Testing

@testable import Shared

@Suite struct AlertRuleTests {
    private func fresh(_ values: [Double]) -> [String: FreshValues] {
        var fresh = FreshValues()
        for (step, value) in values.enumerated() { fresh.note(value, step: Int64(step)) }
        return ["loss": fresh]
    }

    @Test(
        arguments: [
            ("loss > 5", [1, 9, 2], "loss is 9.0 at step 1"), ("loss>5", [5, 4], nil),
            ("loss < -1e2", [0, -100.5], "loss is -100.5 at step 1"),
            ("nan", [1, .nan], "loss is nan at step 1"), ("nan", [1, 2], nil),
            ("NaN", [.infinity], "loss is inf at step 0"), ("other > 0", [1], nil),
        ] as [(String, [Double], String?)])
    func `a rule sees every value between two looks`(
        text: String, values: [Double], words: String?
    ) throws {
        #expect(try #require(AlertRule(text)).broken(by: fresh(values)) == words)
    }

    @Test(arguments: ["", "loss", "> 5", "loss > high", "loss > nan", "loss > ", "a\u{1B} > 1"])
    func `what is no rule is refused`(text: String) {
        #expect(AlertRule(text) == nil)
    }
}
