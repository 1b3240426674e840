/// Google's store through gsutil: `gs://BUCKET/PREFIX`.
package struct GsutilStore: ObjectStore {
    /// The key file of a service account; nil leaves it to the machine, or to `gcloud auth login`.
    let credentialsPath: String?
    /// Where an interrupted transfer is noted, one directory a prefix.
    let stateDirectory: String
    /// The service account that the user acts for; rclone cannot.
    let impersonated: String?
    package let traits: StoreTraits

    package init(
        credentialsPath: String?, stateDirectory: String, impersonated: String? = nil,
        faster: (any ObjectStore)? = nil
    ) {
        self.credentialsPath = credentialsPath
        self.stateDirectory = stateDirectory
        self.impersonated = impersonated
        let faster = impersonated == nil ? faster : nil
        var traits = StoreTraits(tool: "gsutil")
        traits.faster = faster
        traits.longestTreeName = GoogleNames.longestTreeName
        self.traits = traits
    }

    package func isAwkward(_ path: String) -> Bool { GoogleNames.looksVersioned(path) }

    package func needsTree(_ path: String) -> Bool {
        GoogleNames.looksVersioned(path) || GoogleNames.hasWildcard(path)
    }

    /// rsync where it may save sending; cp where its listing would cost more than it saves.
    package func layout(for scan: TreeScan, known: Int) -> UploadTree.Layout {
        if known > 1000 + 4 * scan.files.count || Self.isSmall(scan.files)
            || scan.files.contains(where: { GoogleNames.looksVersioned($0.path) })
        {
            return .linksBelowPrefix
        }
        return scan.isPlain ? .asItIs : .links
    }

    package func upload(_ tree: UploadTree, to prefix: StoreURL) -> Command {
        guard tree.layout == .linksBelowPrefix else {
            // -c: a file of the same size and time with other bytes is skipped without it.
            // From within: a source is a pattern too.
            var command = command(
                ["-m", "-q", "rsync", "-r", "-c", ".", GoogleNames.escaped(prefix)], for: prefix)
            command.workingDirectory = tree.directory
            return command
        }
        let alone = Self.isSmall(tree.files) ? ["-o", "GSUtil:parallel_process_count=1"] : []
        return command(
            alone + ["-m", "-q", "cp", "-r"] + Self.sources(of: tree, prefix: prefix)
                + ["gs://\(prefix.bucket)/"], for: prefix)
    }

    /// What one process sends as fast as several, each of which would start another Python: with ten
    /// files 3 processes instead of 5, 180 MB instead of 296 and an eighth less CPU (gsutil 5.34).
    private static func isSmall(_ files: [TreeScan.File]) -> Bool {
        files.count <= 16 && files.map(\.size).byteSum <= 16 << 20
    }

    /// What `cp -r` into the bucket itself takes: below a prefix its result depends on what is
    /// there already.
    static func sources(of tree: UploadTree, prefix: StoreURL) -> [String] {
        let directory = GoogleNames.escaped(tree.directory)
        if let first = prefix.path.split(separator: "/").first {
            return ["\(directory)/\(GoogleNames.escaped(String(first)))"]
        }
        // A star leaves names with a leading dot out.
        let hidden = tree.files.contains { $0.path.hasPrefix(".") }
        let plain = tree.files.contains { !$0.path.hasPrefix(".") }
        return (plain ? ["\(directory)/*"] : []) + (hidden ? ["\(directory)/.*"] : [])
    }

    package func upload(file: String, to object: StoreURL) -> Command {
        command(["-q", "cp", GoogleNames.escaped(file), object.description], for: object)
    }

    package func download(
        tree prefix: StoreURL, to directory: String, present: String?
    ) -> Command {
        download(tree: prefix, to: directory, without: [])
    }

    package func download(
        tree prefix: StoreURL, to directory: String, without paths: [String]
    ) -> Command {
        var command = command(
            ["-m", "-q", "rsync", "-r", "-c", "-x", GoogleNames.excludedFromTrees(and: paths)]
                + [GoogleNames.escaped(prefix), "."], for: prefix)
        command.workingDirectory = directory
        return command
    }

    package func download(object: StoreURL, to file: String) -> Command {
        // From within its directory: a target is a pattern too, but must match nothing else.
        var command = command(
            ["-q", "cp", GoogleNames.escaped(object), "./" + fileName(of: file)], for: object)
        command.workingDirectory = parentDirectory(file)
        return command
    }

    package func download(
        _ range: Range<Int64>, of object: StoreURL, to file: String
    ) -> Command {
        var command = command(
            ["cat", "-r", "\(range.lowerBound)-\(range.upperBound - 1)"]
                + [GoogleNames.escaped(object)], for: object)
        command.output = .append(path: file)
        return command
    }

    /// rsync of what is named and nothing else: cp takes one target for all of its sources. The
    /// pattern is a regular expression of Python's, matched from the start of the name.
    package func copy(
        _ paths: [String], from source: StoreURL, to target: StoreURL
    ) -> [Command]? {
        commandGroups(paths.map(GoogleNames.literally)).map { group in
            command(
                ["-m", "-q", "rsync", "-r", "-x", "(?!(?:\(group.joined(separator: "|")))\\Z)"]
                    + [GoogleNames.escaped(source), GoogleNames.escaped(target)], for: target)
        }
    }

    package func list(_ prefix: StoreURL) -> Command {
        command(["ls", "-L", GoogleNames.escaped(prefix) + "/**"], for: prefix)
    }

    /// A block for each object, headed by its URL and a colon.
    package func showsObject(_ beginning: String) -> Bool {
        beginning.split(separator: "\n").contains {
            $0.hasPrefix("gs://") && $0.hasSuffix(":") && !$0.hasSuffix("/:")
        }
    }

    package func objects(
        from result: CommandResult, under prefix: StoreURL
    ) throws -> [StoredObject] {
        guard result.succeeded else {
            if isMissing(result) { return [] }
            throw failure(result, doing: "listing", at: prefix)
        }
        return try GoogleListing.objects(in: result.output, under: prefix)
    }

    package func delete(_ objects: [StoredObject], under prefix: StoreURL) -> Command {
        let lines = objects.map {
            GoogleNames.line(prefix.appending($0.path), generation: $0.version)
        }
        var command = command(["-m", "-q", "rm", "-I"], for: prefix)
        command.input = .data(Data((lines.joined(separator: "\n") + "\n").utf8))
        return command
    }

    package func isMissing(_ result: CommandResult) -> Bool {
        let text = result.errorOutput
        return text.contains("No URLs matched") || text.contains("URLs matched no objects")
            || text.contains("does not name a directory, bucket, or bucket subdir")
    }

    /// gsutil asks for an object's generation and then reads that one: it says so of an object that
    /// is not there only where it has just seen it.
    package func wasReplaced(_ result: CommandResult) -> Bool {
        result.errorOutput.contains("NotFoundException: 404 gs://")
    }

    package func failure(_ result: CommandResult, doing: String, at url: StoreURL) -> Failure {
        ToolFailure(tool: traits.tool, credentialsPath: credentialsPath)
            .explain(result, doing: doing, at: url)
    }

    private func command(_ arguments: [String], for url: StoreURL) -> Command {
        // A state of its own: two runs side by side must not lock or resume each other's.
        let state = "\(stateDirectory)/\(SHA256.hex(Array(url.description.utf8)).prefix(16))"
        var options = [
            "-o", "GSUtil:state_dir=\(state)", "-o", "GSUtil:software_update_check_period=0",
            // With its own 23 retries gsutil would stay silent for ten minutes.
            "-o", "Boto:num_retries=4",
        ]
        var command = Command("gsutil")
        command.environment["CLOUDSDK_CORE_DISABLE_PROMPTS"] = "1"
        if let credentialsPath {
            options += ["-o", "Credentials:gs_service_key_file=\(credentialsPath)"]
            // The Cloud SDK's wrapper would put the account of `gcloud auth login` before it.
            command.environment["CLOUDSDK_CORE_PASS_CREDENTIALS_TO_GSUTIL"] = "0"
        } else if let account = impersonated {
            options += ["-i", account]
        }
        command.arguments = options + arguments
        return command
    }

    /// Below the user's state directory, since an interrupted upload goes on from there.
    package static var defaultStateDirectory: String {
        let environment = ProcessInfo.processInfo.environment
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            return state + "/train/gsutil"
        }
        if let home = environment["HOME"], home.hasPrefix("/") {
            return home + "/.local/state/train/gsutil"
        }
        return "/var/tmp/train-\(getuid())/gsutil"
    }
}
