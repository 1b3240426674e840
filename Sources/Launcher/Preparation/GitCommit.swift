import Shared

/// Which commit the user's code is at.
enum GitCommit {
    /// The commit's hash, `+dirty` behind it where something below `directory` is not committed;
    /// nil where there is no repository or no git.
    static func of(_ directory: String, runner: any CommandRunner) async -> String? {
        guard let commit = try? await git(["rev-parse", "HEAD"], in: directory, runner),
            commit.count >= 40, commit.allSatisfy(\.isHexDigit)
        else { return nil }
        let changes = try? await git(["status", "--porcelain", "--", "."], in: directory, runner)
        return commit + ((changes ?? "").isEmpty ? "" : "+dirty")
    }

    private static func git(
        _ arguments: [String], in directory: String, _ runner: any CommandRunner
    ) async throws -> String {
        var command = Command("git", ["-C", directory] + arguments)
        // `status` would else write the index of a repository that is not ours.
        command.environment = ["GIT_OPTIONAL_LOCKS": "0"]
        let result = try await runner.run(command, timeout: .seconds(20))
        guard result.succeeded else { throw Failure("no commit") }
        return String(result.output.split(separator: "\n").first ?? "")
    }
}
