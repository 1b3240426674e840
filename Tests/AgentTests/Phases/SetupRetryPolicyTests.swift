import Shared
import Testing

@testable import Agent

@Suite struct SetupRetryPolicyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var isDenied = true
        var failures = 6
        var cloud = "azure"
        var age: Double = 60
        var isWorthwhile: Bool
        var testDescription: String { name }
    }

    static let rows = [
        Row(
            name: "a store that is away for a moment", isDenied: false, failures: 4,
            isWorthwhile: true),
        Row(name: "a store that stays away", isDenied: false, failures: 5, isWorthwhile: false),
        Row(name: "a new identity is refused", isWorthwhile: true),
        Row(name: "still, after many attempts", failures: 60, age: 899, isWorthwhile: true),
        Row(name: "an old identity is refused", age: 901, isWorthwhile: false),
        Row(name: "the user's own machine is refused", cloud: "local", isWorthwhile: false),
    ]

    @Test(arguments: rows) func `rights that come late are waited for`(row: Row) {
        var failure = Failure("no")
        if row.isDenied { failure.reason = .accessDenied }
        #expect(
            SetupRetryPolicy.isWorthwhile(
                failure, failures: row.failures, cloud: row.cloud, age: row.age)
                == row.isWorthwhile)
    }

    @Test func `what is larger than its limit is not brought again`() {
        var failure = Failure("too large")
        failure.reason = .tooLarge
        #expect(
            !SetupRetryPolicy.isWorthwhile(failure, failures: 1, cloud: "gcp", age: 0))
    }

    @Test func `a run that is being stopped asks no more`() {
        #expect(
            !SetupRetryPolicy.isWorthwhile(CancellationError(), failures: 1, cloud: "gcp", age: 0))
    }
}
