/// Any bucket through rclone: Azure's always, the others' where it was chosen or for many files.
package struct RcloneStore: ObjectStore {
    let remote: RcloneRemote

    package let traits: StoreTraits

    package init(remote: RcloneRemote) {
        self.remote = remote
        var traits = StoreTraits(tool: "rclone")
        // Until 1.63 it writes to the final name from the start.
        traits.writesInPlace = true
        // It lists no other hash, not even for Google's objects.
        traits.listedMD5 = .whole
        self.traits = traits
    }

    package func upload(_ tree: UploadTree, to prefix: StoreURL) -> Command {
        command(["copy"] + Self.unconditionally + [tree.directory, remote.path(of: prefix)])
    }

    package func upload(file: String, to object: StoreURL) -> Command {
        command(["copyto"] + Self.unconditionally + [file, remote.path(of: object)])
    }

    /// No look at what is there: the cost follows what is sent, and a same-size change is never
    /// missed, as it is where an object that came in parts has no MD5 to compare.
    private static let unconditionally = ["--copy-links", "--no-check-dest"]

    package func download(
        tree prefix: StoreURL, to directory: String, present: String?
    ) -> Command {
        let known = present.map { ["--compare-dest", Self.quotedForList($0)] } ?? []
        return command(
            ["copy"] + known + remote.downloadOptions + [remote.path(of: prefix), directory])
    }

    package func download(object: StoreURL, to file: String) -> Command {
        command(["copyto", remote.path(of: object), file])
    }

    package func download(
        _ range: Range<Int64>, of object: StoreURL, to file: String
    ) -> Command {
        var command = command(
            ["cat", "--offset", "\(range.lowerBound)", "--count", "\(range.count)"]
                + [remote.path(of: object)])
        command.output = .append(path: file)
        return command
    }

    package func list(_ prefix: StoreURL) -> Command {
        command(
            ["lsjson", "-R", "--files-only", "--hash", "--no-modtime", "--no-mimetype"]
                + [remote.path(of: prefix)])
    }

    /// Without hashes, for which some stores need a request for each object.
    package func listSizes(_ prefix: StoreURL) -> Command {
        command(
            ["lsjson", "-R", "--files-only", "--no-modtime", "--no-mimetype"]
                + [remote.path(of: prefix)])
    }

    /// An element of the list, which is printed as it is read; files alone are in it.
    package func showsObject(_ beginning: String) -> Bool { beginning.contains("{\"Path\":") }

    /// It lists characters that a disk might not hold as others that look like them, and drops
    /// objects called `..` silently (rclone's documentation, "Restricted filenames").
    package func localNames(of path: String) -> [String] {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map { part in
            switch part {
            case "\u{FF0E}": "."
            case "\u{FF0E}\u{FF0E}": ".."
            default: Self.withoutPictures(part)
            }
        }
        let decoded = parts.joined(separator: "/")
        return decoded == path ? [path] : [path, decoded]
    }

    /// Control characters for the pictures of them (Unicode block "Control Pictures").
    private static func withoutPictures(_ part: Substring) -> String {
        var text = String.UnicodeScalarView()
        for scalar in part.unicodeScalars {
            switch scalar.value {
            case 0x2400...0x241F: text.append(Unicode.Scalar(UInt8(scalar.value - 0x2400)))
            case 0x2421: text.append("\u{7F}")
            default: text.append(scalar)
            }
        }
        return String(text)
    }

    private struct Listed: Decodable {
        struct Hashes: Decodable { var md5: String? }
        var path: String
        var size: Int64
        var hashes: Hashes?

        enum CodingKeys: String, CodingKey {
            case path = "Path"
            case size = "Size"
            case hashes = "Hashes"
        }
    }

    package func objects(
        from result: CommandResult, under prefix: StoreURL
    ) throws -> [StoredObject] {
        guard result.succeeded else { throw failure(result, doing: "listing", at: prefix) }
        guard let listed = try? JSONDecoder().decode([Listed].self, from: Data(result.output.utf8))
        else { throw Failure("the listing of \(prefix) does not read") }
        return listed.map {
            StoredObject(
                path: $0.path, size: $0.size,
                md5: $0.hashes?.md5.flatMap { MD5.Digest(hex: $0) })
        }
    }

    package func delete(_ objects: [StoredObject], under prefix: StoreURL) -> Command {
        var command = command(["delete", "--files-from-raw", "-", remote.path(of: prefix)])
        command.input = .data(Data(objects.map { $0.path + "\n" }.joined().utf8))
        return command
    }

    package func isMissing(_ result: CommandResult) -> Bool {
        result.errorOutput.contains("object not found")
    }

    package func failure(_ result: CommandResult, doing: String, at url: StoreURL) -> Failure {
        ToolFailure(tool: traits.tool, credentialsPath: remote.credentialsPath)
            .explain(result, doing: doing, at: url)
    }

    private func command(_ arguments: [String]) -> Command {
        var command = Command(
            "rclone",
            arguments + [
                "--quiet", "--retries", "1", "--low-level-retries", "4", "--contimeout", "20s",
                "--transfers", "16", "--checkers", "16",
                // Else two names that Unicode holds equal (an é of one character and of two) count as
                // one, and one of the two files stays behind without an error.
                "--no-unicode-normalization",
            ])
        command.environment = remote.environment
        return command
    }

    /// As one element of a flag that takes a list with commas.
    private static func quotedForList(_ path: String) -> String {
        guard path.contains(where: { ",\"".contains($0) }) else { return path }
        return "\"" + path.replacing("\"", with: "\"\"") + "\""
    }
}
