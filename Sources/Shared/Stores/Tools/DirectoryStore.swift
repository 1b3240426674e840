/// Directories as buckets: `file:///DIRECTORY`, for the local cloud and for trials.
///
/// The copying is ours, but it runs as a child too, this very program called again with
/// `file-store` first: so it can be killed and watched for stalls as any other transfer.
package struct DirectoryStore: ObjectStore {
    /// The program that answers to `file-store`: `train` and `train-agent` both do.
    let program: String

    package init(program: String) { self.program = program }

    package var traits: StoreTraits { StoreTraits(tool: DirectoryStoreCommand.name) }

    /// The child scans for itself what is in a tree.
    package func layout(for scan: TreeScan, known: Int) -> UploadTree.Layout { .asItIs }

    package func upload(_ tree: UploadTree, to prefix: StoreURL) -> Command {
        command("upload", tree.directory, prefix.path)
    }

    package func upload(file: String, to object: StoreURL) -> Command {
        command("put", file, object.path)
    }

    package func download(
        tree prefix: StoreURL, to directory: String, present: String?
    ) -> Command {
        command("download", prefix.path, directory)
    }

    package func download(object: StoreURL, to file: String) -> Command {
        command("get", object.path, file)
    }

    package func download(
        _ range: Range<Int64>, of object: StoreURL, to file: String
    ) -> Command {
        command("range", object.path, file, "\(range.lowerBound)", "\(range.upperBound)")
    }

    package func copy(
        _ paths: [String], from source: StoreURL, to target: StoreURL
    ) -> [Command]? {
        var command = command("copy", source.path, target.path)
        // Texts are always JSON.
        command.input = .data((try? JSONFormat.encode(paths, pretty: false)) ?? Data("[]".utf8))
        return [command]
    }

    package func list(_ prefix: StoreURL) -> Command { command("list", prefix.path) }

    /// Without checksums, which would read every byte.
    package func listSizes(_ prefix: StoreURL) -> Command { command("sizes", prefix.path) }

    package func leftOut(_ result: CommandResult) -> [String] {
        result.errorOutput.split(separator: "\n").filter { $0.hasPrefix(TreeScan.leftOutMark) }
            .map(String.init)
    }

    package func objects(
        from result: CommandResult, under prefix: StoreURL
    ) throws -> [StoredObject] {
        guard result.succeeded else {
            if isMissing(result) { return [] }
            throw failure(result, doing: "listing", at: prefix)
        }
        let decoder = JSONFormat.decoder()
        return try result.output.utf8.split(separator: UInt8(ascii: "\n")).map { line in
            do {
                let listed = try decoder.decode(DirectoryStoreCommand.Listed.self, from: Data(line))
                return StoredObject(path: listed.path, size: listed.size, crc32c: listed.crc32c)
            } catch {
                throw Failure(
                    "the listing of \(prefix) does not read: \(quoted(String(line) ?? ""))")
            }
        }
    }

    package func delete(_ objects: [StoredObject], under prefix: StoreURL) -> Command {
        let paths = objects.map(\.path)
        var command = command("delete", prefix.path)
        // Not as arguments: 100,000 of them are more than exec takes. Texts are always JSON.
        command.input = .data((try? JSONFormat.encode(paths, pretty: false)) ?? Data("[]".utf8))
        return command
    }

    package func isMissing(_ result: CommandResult) -> Bool {
        result.termination == .exited(DirectoryStoreCommand.missing)
    }

    package func failure(
        _ result: CommandResult, doing: String, at url: StoreURL
    ) -> Failure {
        if isMissing(result) {
            return Failure("\(doing) \(url): there is no such file or directory")
        }
        let lines = result.errorOutput.split(separator: "\n").map(String.init)
        let reasons = lines.filter { $0.hasPrefix(DirectoryStoreCommand.errorMark) }
            .map { String($0.dropFirst(DirectoryStoreCommand.errorMark.count)) }
        let hint = lines.last { $0.hasPrefix(DirectoryStoreCommand.hintMark) }
            .map { String($0.dropFirst(DirectoryStoreCommand.hintMark.count)) }
        let rest = reasons.dropFirst().prefix(5).joined(separator: "\n")
        return Failure(
            "\(doing) \(url): \(reasons.first ?? result.unexplained)",
            detail: rest.isEmpty ? nil : rest, hint: hint)
    }

    private func command(_ arguments: String...) -> Command {
        Command(program, [DirectoryStoreCommand.name] + arguments)
    }
}

extension CommandResult {
    /// How the command ended, for a failure without a stated reason.
    var unexplained: String {
        if timedOut { return "it took too long" }
        return switch termination {
        case .exited(let status): "it ended with exit status \(status)"
        case .signalled(let signal): "it was killed by signal \(signal)"
        }
    }
}
