import Shared
import Testing

@Suite struct EnvironmentFlagTests {
    @Test func `values and secrets are told apart`() throws {
        let flags = ["A=1", "B=x=y", "EMPTY=", "TOKEN", "A=2"]
        #expect(try EnvironmentFlag.variables(flags) == ["A": "2", "B": "x=y", "EMPTY": ""])
        let secrets = try EnvironmentFlag.secrets(flags, from: ["TOKEN": "s3cret", "OTHER": "x"])
        #expect(secrets == ["TOKEN": "s3cret"])
    }

    @Test(arguments: ["1A=x", "=x", "A B=x", "A-B", "Ä=1", ""])
    func `an illegal name is refused without its value`(flag: String) {
        let failure = #expect(throws: Failure.self) { try EnvironmentFlag.variables([flag]) }
        #expect(failure?.description.contains("=x") != true)
    }

    @Test func `a missing secret is named`() {
        let failure = #expect(throws: Failure.self) {
            try EnvironmentFlag.secrets(["TOKEN"], from: [:])
        }
        #expect(failure?.summary.contains("TOKEN") == true)
    }
}
