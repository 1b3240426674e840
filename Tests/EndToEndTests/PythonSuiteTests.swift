import Shared
import TestSupport
import Testing

/// The Python parts have tests of their own in Python; `swift test` runs them all the same.
@Suite(.timeLimit(.minutes(30))) struct PythonSuiteTests {
    /// A folder of `unittest` files.
    struct PythonSuite: Sendable, CustomStringConvertible {
        var description: String
        var tests: String
        /// Where their imports start from, if not in the folder itself.
        var top: String?
    }

    static let suites = [
        PythonSuite(description: "the helper library", tests: "python/tests"),
        PythonSuite(description: "the example", tests: "Examples/digits/tests"),
        PythonSuite(
            description: "the emulators", tests: "Tests/Emulators/tests", top: "Tests"),
        PythonSuite(
            description: "Terraform and cloud-init", tests: "Tests/StandInProvider/tests",
            top: "Tests/StandInProvider"),
    ]

    @Test(.enabled(if: isInstalled("python3"), "needs python3"), arguments: suites)
    func `the Python tests pass`(suite: PythonSuite) async throws {
        let root = BuiltProducts.repository
        var command = Command(
            "python3",
            ["-m", "unittest", "discover", "-s", "\(root)/\(suite.tests)"]
                + (suite.top.map { ["-t", "\(root)/\($0)"] } ?? []))
        command.workingDirectory = root
        command.environment = ["PYTHONDONTWRITEBYTECODE": "1"]
        let result = try await PosixRunner().run(command)
        #expect(result.succeeded, "\(suite):\n\(result.errorOutput)")
        // A suite that was not found passes too; the count must not be 0.
        let count = result.errorOutput.firstMatch(of: /Ran (\d+) test/).flatMap { Int($0.1) }
        #expect((count ?? 0) > 0, "\(result.errorOutput)")
        for line in result.errorOutput.split(separator: "\n") where line.contains("skipped") {
            print("\(suite): \(line)")
        }
    }
}
