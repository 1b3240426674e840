import Shared

/// Packs the user's code with the system's own tar.
struct CodeArchive: Sendable, Equatable {
    let path: String
    let bytes: Int64
    let sha256: String

    /// - Throws: `Failure` with tar's last words; no half archive stays.
    static func make(of tree: CodeTree, at path: String, runner: any CommandRunner) async throws
        -> CodeArchive
    {
        let result = try await runner.run(command(tree, at: path))
        guard result.succeeded else {
            unlink(path)
            throw Failure("the code could not be packed", detail: result.lastLines(5))
        }
        // Made by tar under the user's umask; it holds whatever lies beside the code.
        chmod(path, 0o600)
        return CodeArchive(path: path, bytes: fileSize(path), sha256: try SHA256.hex(ofFile: path))
    }

    /// The same archive for another run: its hash says that the code is the same.
    ///
    /// - Throws: `Failure` where it cannot be read.
    static func copy(of archive: String, at path: String) throws -> CodeArchive {
        try WholeCopy.copy(archive, to: path)
        chmod(path, 0o600)
        return CodeArchive(path: path, bytes: fileSize(path), sha256: try SHA256.hex(ofFile: path))
    }

    /// The names go in through stdin, each with `./` before it: GNU tar and bsdtar would both take
    /// a name that begins with a dash for an option.
    static func command(_ tree: CodeTree, at path: String) -> Command {
        var command = Command(
            "tar",
            [
                "-czf", path, "-C", tree.directory, "--no-recursion", "--null", "-T", "-",
            ])
        let names = tree.entries.map { "./\($0)\0" }.joined()
        command.input = .data(Data(names.utf8))
        // macOS' tar would add its own files for extended attributes.
        command.environment = ["COPYFILE_DISABLE": "1"]
        return command
    }
}
