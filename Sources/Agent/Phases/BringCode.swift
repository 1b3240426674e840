import Shared

/// Brings the user's code: a directory is used in place, an archive is checked and unpacked.
struct BringCode: PhaseWork {
    let phase = Phase.code

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let job = context.job
        let code = job.code
        guard code.source != job.directories.code else {
            guard isDirectory(code.source) else {
                throw Failure("the code directory \(quoted(code.source)) is not there")
            }
            return .succeeded
        }
        let archive = job.directories.work + "/code.tar.gz"
        try await fetch(code.source, to: archive, context)
        try check(archive, against: code.sha256)
        try await unpack(archive, into: job.directories.code, context)
        return .succeeded
    }

    private func fetch(_ source: String, to archive: String, _ context: RunContext) async throws {
        let (client, name) = try context.client(forObject: source)
        try await context.retrying(phase) { try await client.download(object: name, to: archive) }
    }

    private func check(_ archive: String, against expected: String?) throws {
        guard let expected else { return }
        let found = try SHA256.hex(ofFile: archive)
        guard found == expected else {
            throw Failure(
                "the code archive is not the one that was sent",
                detail: "SHA-256 expected \(expected), found \(found)")
        }
    }

    /// Unpacks beside and renames, so that an interrupted unpacking is never taken for the code.
    private func unpack(
        _ archive: String, into directory: String, _ context: RunContext
    ) async throws {
        let fresh = directory + ".new"
        try? FileManager.default.removeItem(atPath: fresh)
        try makeDirectories(fresh)
        // tar itself refuses `..` and strips leading slashes from member names.
        let command = Command("tar", ["-xzf", archive, "-C", fresh, "--no-same-owner"])
        let result = try await context.host.runner.run(command, timeout: .seconds(600))
        guard result.succeeded else {
            throw Failure("the code archive cannot be unpacked", detail: result.lastLines(3))
        }
        try? FileManager.default.removeItem(atPath: directory)
        try makeDirectories(parentDirectory(directory))
        guard rename(fresh, directory) == 0 else {
            throw systemFailure("cannot put the code into \(quoted(directory))")
        }
    }
}
