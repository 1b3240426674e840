import Shared
import TestSupport

@testable import Launcher

/// A repository with one commit, and a file that appears as soon as it makes git run something.
struct GitFixture {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    var repository: String { scratch.path + "/repository" }
    var marker: String { scratch.path + "/marker" }
    /// Leaves the marker, and says nothing.
    var trap: String { "touch \(marker); true" }

    /// The repository, with `a` and `module/b` committed.
    func make() async throws {
        try await make(at: repository)
    }

    func make(at directory: String) async throws {
        for name in ["a", "module/b"] {
            try makeDirectories(parentDirectory(directory + "/" + name))
            try AtomicFile.write(Data("x\n".utf8), to: directory + "/" + name)
        }
        try await git(["init", "-q", "-b", "main"], in: directory)
        try await git(["add", "-A"], in: directory)
        try await commit(in: directory)
    }

    func commit(in directory: String? = nil) async throws {
        try await git(["commit", "-qm", "Change", "--allow-empty"], in: directory)
    }

    /// Runs git as its user would, without this computer's settings.
    @discardableResult
    func git(_ words: [String], in directory: String? = nil) async throws -> String {
        let identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        let allowing = ["-c", "protocol.file.allow=always"]
        var command = Command("git", ["-C", directory ?? repository] + identity + allowing + words)
        command.environment = ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"]
        return String(try await PosixRunner().output(of: command).prefix { !$0.isNewline })
    }

    /// What the launcher says of a directory.
    func told(
        _ directory: String? = nil, environment: [String: String] = [:],
        runner: any CommandRunner = PosixRunner()
    ) async -> String? {
        await GitCommit.of(
            directory ?? repository, environment: environment, runner: runner)
    }

    func hash(_ directory: String? = nil) async throws -> String {
        try await git(["rev-parse", "HEAD"], in: directory)
    }

    func write(_ text: String, to name: String) throws {
        try scratch.write(text, to: "repository/" + name)
    }
}
