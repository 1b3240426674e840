import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct RolePropagationTests {
    private static let noRole =
        "unexpected status 403 (403 This request is not authorized to perform this operation using "
        + "this permission.) with EOF"

    private func refusal(_ texts: [String]) throws -> TerraformDriver.TerraformError {
        let errors = try texts.map { text in
            try JSONDecoder().decode(
                TerraformEvent.Diagnostic.self,
                from: JSONEncoder().encode(["severity": "error", "summary": text]))
        }
        return TerraformDriver.TerraformError(errors, lastLines: "")
    }

    private func applied(
        _ outcomes: [[String]], clock: ManualClock
    ) async throws -> (calls: Int, heard: CapturedConsole) {
        let heard = CapturedConsole()
        let line = LiveLine(terminal: .plain, write: heard.console.draw)
        var calls = 0
        try await RolePropagation(line: line, clock: clock).apply {
            calls += 1
            let outcome = calls <= outcomes.count ? outcomes[calls - 1] : outcomes.last ?? []
            if !outcome.isEmpty { throw try refusal(outcome) }
        }
        return (calls, heard)
    }

    @Test func `it is applied again until the role is there`() async throws {
        let clock = ManualClock()
        let (calls, heard) = try await applied(
            [[Self.noRole], [Self.noRole, Self.noRole], []], clock: clock)
        #expect(calls == 3)
        #expect(clock.slept.count == 2)
        #expect(heard.errors.split(separator: "\n").count == 2)
    }

    @Test func `a role that never comes is told after ten minutes`() async throws {
        let clock = ManualClock()
        let refused = await #expect(throws: TerraformDriver.TerraformError.self) {
            _ = try await applied([[Self.noRole]], clock: clock)
        }
        #expect(refused?.failure.hint?.contains("Storage Blob Data Contributor") == true)
        let waited = clock.slept.reduce(.zero, +)
        #expect(waited > .seconds(600) && waited < .seconds(1300))
    }

    @Test(arguments: ["Error 403: forbidden", "Error: Unsupported argument"])
    func `what no waiting mends is told at once`(words: String) async throws {
        let clock = ManualClock()
        let refused = await #expect(throws: TerraformDriver.TerraformError.self) {
            _ = try await applied([[Self.noRole, words]], clock: clock)
        }
        #expect(refused?.kind == TerraformErrorKind(of: words))
        #expect(clock.slept.isEmpty)
    }
}
