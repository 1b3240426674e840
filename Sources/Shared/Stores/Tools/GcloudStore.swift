/// Google's store through `gcloud storage`, which is faster with large files.
///
/// It cannot send a name such as `ck#123` at all: what it misreads goes through gsutil, which
/// stands beside it in every Cloud SDK.
package struct GcloudStore: ObjectStore {
    private let gsutil: GsutilStore

    package let traits: StoreTraits

    package init(gsutil: GsutilStore) {
        self.gsutil = gsutil
        var traits = StoreTraits(tool: "gcloud")
        traits.longestTreeName = GoogleNames.longestTreeName
        self.traits = traits
    }

    package func isAwkward(_ path: String) -> Bool { gsutil.isAwkward(path) }
    package func needsTree(_ path: String) -> Bool { gsutil.needsTree(path) }

    /// Always cp: it asks nothing about what is there.
    package func layout(for scan: TreeScan, known: Int) -> UploadTree.Layout { .linksBelowPrefix }

    package func upload(_ tree: UploadTree, to prefix: StoreURL) -> Command {
        guard !tree.files.contains(where: { isAwkward($0.path) }) else {
            return gsutil.upload(tree, to: prefix)
        }
        return command(
            ["cp", "-r"] + GsutilStore.sources(of: tree, prefix: prefix)
                + ["gs://\(prefix.bucket)/"])
    }

    package func upload(file: String, to object: StoreURL) -> Command {
        command(["cp", GoogleNames.escaped(file), object.description])
    }

    package func download(
        tree prefix: StoreURL, to directory: String, present: String?
    ) -> Command {
        download(tree: prefix, to: directory, without: [])
    }

    package func download(
        tree prefix: StoreURL, to directory: String, without paths: [String]
    ) -> Command {
        let excluded = GoogleNames.excludedFromTrees(and: paths)
        var command = command(
            ["rsync", "-r", "--checksums-only", "-x", excluded]
                + [GoogleNames.escaped(prefix), "."])
        command.workingDirectory = directory
        return command
    }

    package func download(object: StoreURL, to file: String) -> Command {
        guard !isAwkward(object.path) else { return gsutil.download(object: object, to: file) }
        var command = command(["cp", GoogleNames.escaped(object), "./" + fileName(of: file)])
        command.workingDirectory = parentDirectory(file)
        return command
    }

    package func download(
        _ range: Range<Int64>, of object: StoreURL, to file: String
    ) -> Command {
        guard !isAwkward(object.path) else {
            return gsutil.download(range, of: object, to: file)
        }
        var command = command(
            ["cat", "-r", "\(range.lowerBound)-\(range.upperBound - 1)"]
                + [GoogleNames.escaped(object)])
        command.output = .append(path: file)
        return command
    }

    package func copy(
        _ paths: [String], from source: StoreURL, to target: StoreURL
    ) -> [Command]? {
        gsutil.copy(paths, from: source, to: target)
    }

    package func list(_ prefix: StoreURL) -> Command {
        command(
            ["objects", "list", GoogleNames.escaped(prefix) + "/**"]
                + ["--format=json(name,size,crc32c_hash,md5_hash,generation,content_encoding)"])
    }

    package func listSome(_ prefix: StoreURL) -> Command {
        var command = list(prefix)
        command.arguments.append("--limit=1000")
        return command
    }

    private struct Listed: Decodable {
        var name: String
        var size: Int64
        var crc32c_hash: String?
        var md5_hash: String?
        var generation: JSONValue?
        var content_encoding: String?
    }

    package func objects(
        from result: CommandResult, under prefix: StoreURL
    ) throws -> [StoredObject] {
        guard result.succeeded else {
            if isMissing(result) { return [] }
            throw failure(result, doing: "listing", at: prefix)
        }
        let start = prefix.path.isEmpty ? "" : prefix.path + "/"
        guard let listed = try? JSONDecoder().decode([Listed].self, from: Data(result.output.utf8))
        else { throw Failure("the listing of \(prefix) does not read") }
        return listed.map { object in
            StoredObject(
                path: String(object.name.utf8.dropFirst(start.utf8.count)) ?? object.name,
                size: object.size, crc32c: object.crc32c_hash.flatMap { CRC32C.decode(base64: $0) },
                md5: object.md5_hash.flatMap { MD5.Digest(base64: $0) },
                version: Self.text(of: object.generation),
                isEncoded: object.content_encoding.map(GoogleListing.isPacked) ?? false)
        }
    }

    private static func text(of generation: JSONValue?) -> String? {
        switch generation {
        case .string(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }

    package func delete(_ objects: [StoredObject], under prefix: StoreURL) -> Command {
        gsutil.delete(objects, under: prefix)
    }

    package func isMissing(_ result: CommandResult) -> Bool {
        let text = result.errorOutput
        return gsutil.isMissing(result) || text.contains("matched no objects or files")
            || text.contains("Did not find existing container at: gs://")
    }

    package func failure(_ result: CommandResult, doing: String, at url: StoreURL) -> Failure {
        ToolFailure(tool: traits.tool, credentialsPath: gsutil.credentialsPath)
            .explain(result, doing: doing, at: url)
    }

    private func command(_ arguments: [String]) -> Command {
        var command = Command("gcloud", ["storage"] + arguments)
        command.environment["CLOUDSDK_CORE_DISABLE_PROMPTS"] = "1"
        if let path = gsutil.credentialsPath {
            command.environment.merge(LoginVariables.unset(LoginVariables.google)) { $1 }
            command.environment["CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"] = path
        }
        return command
    }
}
