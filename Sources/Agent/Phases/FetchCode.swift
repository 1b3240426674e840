import Shared

/// Brings the user's code: a directory is used in place, an archive is checked and unpacked.
struct FetchCode: PhaseWork {
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
        if isUnpacked(context) { return .skipped }
        let archive = job.work.codeArchive
        try await fetch(code.source, to: archive, context)
        try check(archive, against: code.sha256)
        unlink(job.work.codeMark)
        try await unpack(archive, into: job.directories.code, context)
        // A mark that outlives a power cut must not vouch for files that did not.
        await Disk.flush([job.directories.code])
        try AtomicFile.write(Data((code.sha256 ?? "").utf8), to: job.work.codeMark)
        return .succeeded
    }

    /// Whether this machine has unpacked this archive before: what the training wrote beside the
    /// code since is there too, and stays.
    private func isUnpacked(_ context: RunContext) -> Bool {
        guard let digest = context.job.code.sha256, isDirectory(context.job.directories.code),
            let mark = try? readFile(context.job.work.codeMark)
        else { return false }
        return String(decoding: mark, as: UTF8.self) == digest
    }

    private func fetch(_ source: String, to archive: String, _ context: RunContext) async throws {
        let (client, name) = try context.client(forObject: source)
        try await context.retrying(phase) {
            try await client.download(object: name, to: archive, limit: Self.largestArchive)
        }
    }

    /// In bytes; ten times what anybody has beside their code.
    private static let largestArchive: Int64 = 32 << 30

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
        // tar itself refuses `..`, strips leading slashes from member names, and makes links that lead
        // out only once all files are there.
        let command = Command(
            "tar",
            ["-xzf", archive, "-C", fresh, "--no-same-owner", "--no-same-permissions"])
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
