import Shared

/// A Python of this machine, as it describes itself.
struct MachinePython: Codable, Sendable, Equatable {
    var executable: String
    /// Such as `3.11.4`.
    var version: String
    /// The directory of its installation or environment.
    var prefix: String
    /// The package directories of the virtual environment that is active; none for a plain Python.
    var packages: [String]
    /// A line of a `.pth` file for each of them, which puts it on the path of another environment.
    var pathLines: [String]
    /// Where pip would install to.
    var sitePackages: String
    var hasPip: Bool
    var hasEnsurepip: Bool
    /// The version of PyTorch that can be imported.
    var torch: String?

    /// - Parameter python: a name in PATH, or a path.
    /// - Throws: `Failure` where it does not run, or is older than what the helper library needs.
    static func describe(
        _ python: String, runner: any CommandRunner, environment: [String: String?] = [:]
    ) async throws -> MachinePython {
        var command = Command(python, ["-c", EnvironmentTools.describePython])
        command.environment = environment
        let result = try await runner.run(command, timeout: .seconds(60))
        guard result.succeeded else {
            throw Failure("\(python) does not run", detail: result.lastLines(3))
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(MachinePython.self, from: Data(result.output.utf8))
        } catch {
            throw Failure("\(python) does not describe itself", detail: result.lastLines(3))
        }
    }

    /// Which Python the run has, and whose packages it sees.
    var title: String {
        packages.isEmpty
            ? "Python \(version) of \(prefix)"
            : "Python \(version), with the packages of the active environment \(prefix)"
    }
}

/// The small programs that the agent runs in a Python of the machine, compiled into it.
enum EnvironmentTools {
    static let describePython = text(PackageResources.describe_python_py)
    static let linkScripts = text(PackageResources.link_scripts_py)
    static let postWebhook = text(PackageResources.post_webhook_py)
    static let readPyproject = text(PackageResources.read_pyproject_py)
    static let tryGPUs = text(PackageResources.try_gpus_py)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
