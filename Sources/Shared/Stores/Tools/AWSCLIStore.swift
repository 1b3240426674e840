/// Amazon's store through the aws command: `s3://BUCKET/PREFIX`.
package struct AWSCLIStore: ObjectStore {
    /// A shared credentials file; nil leaves it to the machine, or to `aws configure`.
    let credentialsPath: String?
    package let traits: StoreTraits

    package init(credentialsPath: String?, faster: (any ObjectStore)? = nil) {
        self.credentialsPath = credentialsPath
        var traits = StoreTraits(tool: "aws")
        // The threshold and length of parts that aws uses unless its configuration says otherwise.
        traits.listedMD5 = .parts(of: 8 << 20)
        // The limit of one DeleteObjects request.
        traits.mostDeletions = 1000
        traits.faster = faster
        self.traits = traits
    }

    /// cp and not sync: sync takes a file of the same size and an older time for the same.
    package func upload(_ tree: UploadTree, to prefix: StoreURL) -> Command {
        command(
            ["s3", "cp", "--recursive", "--only-show-errors", tree.directory]
                + [prefix.description + "/"])
    }

    package func upload(file: String, to object: StoreURL) -> Command {
        command(["s3", "cp", "--only-show-errors", file, object.description])
    }

    package func download(
        tree prefix: StoreURL, to directory: String, present: String?
    ) -> Command {
        // Without it a file of the same size that is newer here counts as the same.
        command(
            ["s3", "sync", "--exact-timestamps", "--only-show-errors"]
                + [prefix.description + "/", directory])
    }

    package func download(object: StoreURL, to file: String) -> Command {
        command(["s3", "cp", "--only-show-errors", object.description, file])
    }

    package func download(
        _ range: Range<Int64>, of object: StoreURL, to file: String
    ) -> Command {
        command(
            ["s3api", "get-object", "--bucket", object.bucket, "--key", object.path]
                + ["--range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)", file])
    }

    /// The patterns are those of Python's fnmatch; the last one that fits counts.
    package func copy(
        _ paths: [String], from source: StoreURL, to target: StoreURL
    ) -> [Command]? {
        commandGroups(paths).map { group in
            command(
                ["s3", "cp", "--recursive", "--only-show-errors", "--exclude", "*"]
                    + group.flatMap { ["--include", GoogleNames.escapedWildcards($0)] }
                    + [source.description + "/", target.description + "/"])
        }
    }

    /// `model.pt.6eF3a2B1`: what it writes until a file is whole.
    package func owner(ofLeftover name: String) -> String? {
        let suffix = name.utf8.suffix(9)
        guard suffix.count == 9, suffix.first == UInt8(ascii: "."),
            suffix.dropFirst().allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
        else { return nil }
        return String(name.utf8.dropLast(9))
    }

    package func list(_ prefix: StoreURL) -> Command {
        let below = prefix.path.isEmpty ? [] : ["--prefix", prefix.path + "/"]
        return command(
            ["s3api", "list-objects-v2", "--bucket", prefix.bucket] + below
                + ["--output", "json", "--query", "Contents[].{key:Key,size:Size,tag:ETag}"])
    }

    /// Without paging, which would bring all of them before the first is printed.
    package func listSome(_ prefix: StoreURL) -> Command {
        var command = list(prefix)
        command.arguments.append("--no-paginate")
        return command
    }

    private struct Listed: Decodable {
        var key: String
        var size: Int64
        var tag: String?
    }

    package func objects(
        from result: CommandResult, under prefix: StoreURL
    ) throws -> [StoredObject] {
        guard result.succeeded else { throw failure(result, doing: "listing", at: prefix) }
        let start = prefix.path.isEmpty ? "" : prefix.path + "/"
        let data = Data(result.output.utf8)
        let listed: [Listed]
        do {
            // An empty prefix is `null`.
            listed = try JSONDecoder().decode([Listed]?.self, from: data) ?? []
        } catch {
            throw Failure("the listing of \(prefix) does not read")
        }
        return listed.map { object in
            StoredObject(
                path: String(object.key.utf8.dropFirst(start.utf8.count)) ?? object.key,
                size: object.size, md5: digest(tag: object.tag ?? "", size: object.size))
        }
    }

    /// Nil for the tag of an object that came in other parts than ours: it tells nothing.
    private func digest(tag: String, size: Int64) -> MD5.Digest? {
        let parts = tag.filter { $0 != "\"" }.split(separator: "-")
        let expected = traits.listedMD5?.parts(ofSize: size) ?? 0
        guard let digest = parts.first, expected == (parts.count == 2 ? Int64(parts[1]) : 0) else {
            return nil
        }
        return MD5.Digest(hex: String(digest))
    }

    private struct Deletion: Encodable {
        struct Object: Encodable { var Key: String }
        var Objects: [Object]
        var Quiet = true
    }

    package func delete(_ objects: [StoredObject], under prefix: StoreURL) -> Command {
        let keys = objects.map { Deletion.Object(Key: prefix.appending($0.path).path) }
        var command = command(
            ["s3api", "delete-objects", "--bucket", prefix.bucket]
                + ["--delete", "file:///dev/stdin", "--output", "json"])
        // Texts are always JSON; without any, aws refuses the request.
        command.input = .data((try? JSONEncoder().encode(Deletion(Objects: keys))) ?? Data())
        return command
    }

    /// It exits with 0 even if it lists what it could not delete.
    package func deleted(_ result: CommandResult) -> Bool {
        result.succeeded && !result.output.contains("\"Errors\"")
    }

    package func isMissing(_ result: CommandResult) -> Bool {
        result.errorOutput.contains("(404)") || result.errorOutput.contains("NoSuchKey")
    }

    package func failure(_ result: CommandResult, doing: String, at url: StoreURL) -> Failure {
        ToolFailure(tool: traits.tool, credentialsPath: credentialsPath)
            .explain(result, doing: doing, at: url)
    }

    private func command(_ arguments: [String]) -> Command {
        var command = Command("aws", arguments)
        command.environment = ["AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "5"]
        if let credentialsPath {
            command.environment.merge(LoginVariables.unset(LoginVariables.amazon)) { $1 }
            command.environment["AWS_SHARED_CREDENTIALS_FILE"] = credentialsPath
        }
        return command
    }
}
