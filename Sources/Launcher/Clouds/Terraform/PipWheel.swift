import Shared

/// pip's own wheel, which travels to the machine beside the agent.
///
/// Images of Google's come without pip and ensurepip, and so do plain ones of Debian and Ubuntu. The
/// wheel runs as it lies, into an environment that `venv --without-pip` makes, and needs no package of
/// the distribution's.
struct PipWheel: Sendable, Equatable {
    var path: String
    var sha256: String

    /// The last version for Python 3.8 (pypi.org/project/pip/25.0.1).
    static let name = "pip-25.0.1-py3-none-any.whl"
    static let address =
        "https://files.pythonhosted.org/packages/c9/bc/"
        + "b7db44f5f39f9d0494071bddae6880eb645970366d0a200022a1a93d57f5/" + name
    static let digest = "c46efd13b6aa8279f33f2864459c8ce587ea6a1a59ee20de055868d8f7688f7f"

    /// A wheel of the user's own, for a computer that cannot fetch one; `none` for a run without.
    static let variable = "TRAIN_PIP_WHEEL"

    /// Takes the one that is kept on this computer, or fetches it.
    ///
    /// - Returns: nil where the user wants none.
    /// - Throws: `Failure` if it cannot be obtained; the machine's own pip is used then.
    static func find(
        environment: [String: String], runner: any CommandRunner, digest: String = Self.digest
    ) async throws -> PipWheel? {
        switch environment[variable] {
        case "none": return nil
        case let own? where !own.isEmpty:
            let path = StoreURL.absolutePath(own)
            guard fileName(of: path).wholeMatch(of: /pip-[0-9.]+-py3-none-any\.whl/) != nil else {
                throw Failure("\(variable) \(quoted(own)) is no wheel of pip")
            }
            return PipWheel(path: path, sha256: try SHA256.hex(ofFile: path))
        default: return try await fetched(environment, runner, digest)
        }
    }

    private static func fetched(
        _ environment: [String: String], _ runner: any CommandRunner, _ digest: String
    ) async throws -> PipWheel {
        let directory = try cache(environment)
        let path = directory + "/" + name
        if exists(path), try SHA256.hex(ofFile: path) == digest {
            return PipWheel(path: path, sha256: digest)
        }
        try makeDirectories(directory, mode: 0o700)
        let partial = "\(path).\(getpid()).part"
        defer { unlink(partial) }
        let command = Command(
            "curl",
            ["--fail", "--silent", "--show-error", "--max-time", "60", "--connect-timeout", "10"]
                + ["--proto", "=https", "--output", partial, address])
        let result = try await runner.run(command, timeout: .seconds(70))
        guard result.succeeded else {
            throw Failure("pip's wheel cannot be fetched: \(harmless(result.lastLines(1)))")
        }
        guard try SHA256.hex(ofFile: partial) == digest else {
            throw Failure("pip's wheel is not the one that was published (SHA-256 differs)")
        }
        guard rename(partial, path) == 0 else { throw systemFailure("cannot keep \(quoted(path))") }
        return PipWheel(path: path, sha256: digest)
    }

    private static func cache(_ environment: [String: String]) throws -> String {
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            return cache + "/train/pip"
        }
        guard let home = environment["HOME"] else {
            throw Failure("neither HOME nor XDG_CACHE_HOME is set")
        }
        return home + "/.cache/train/pip"
    }
}
