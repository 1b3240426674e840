/// The way down: nothing under its final name before it is whole, nothing outside the directory.
extension StoreClient {
    /// Downloads all below `path` ("" for everything) into `directory`, which is made.
    ///
    /// Goes on where a former call was killed. A prefix that holds nothing brings nothing.
    ///
    /// - Throws: `Failure`; some of the files may be there then, each of them whole.
    package func download(tree path: String, to directory: String) async throws {
        try makeDirectories(directory)
        let prefix = path.isEmpty ? url : url.appending(path)
        if let faster = store.faster,
            try await download(prefix, to: directory, through: faster) == nil
        {
            return
        }
        if let failure = try await download(prefix, to: directory, through: store) { throw failure }
        // What the faster tool began.
        try? FileManager.default.removeItem(atPath: aside(of: prefix, in: directory))
    }

    /// Where what is downloaded gathers, if the tool would write to the final names.
    private func aside(of prefix: StoreURL, in directory: String) -> String {
        PartialFile.path(in: directory, for: prefix.description)
    }

    package func download(object path: String, to file: String) async throws {
        guard try await fetch(path, to: file, doing: "downloading") else {
            throw Failure("\(url.appending(path)) does not exist")
        }
    }

    /// Downloads one object, under another name until it is whole; by the store's faster tool where
    /// there is one.
    ///
    /// - Returns: whether there is such an object.
    func fetch(_ path: String, to file: String, doing: String) async throws -> Bool {
        try RelativePath.check(path)
        let object = url.appending(path)
        try makeDirectories(parentDirectory(file))
        let partial = PartialFile.path(for: file)
        // What a killed call left is no object: a tool that brings nothing must not hand it on.
        unlink(partial)
        if let faster = store.faster,
            try await succeeds(faster.download(object: object, to: partial)),
            try land(partial, as: file)
        {
            return true
        }
        var result: CommandResult
        var attempts = 0
        repeat {
            result = try await run(store.download(object: object, to: partial))
            attempts += 1
            // A status is replaced every second or so.
        } while !result.succeeded && store.wasReplaced(result) && attempts < 5
        guard result.succeeded else {
            if store.isMissing(result) { return false }
            throw store.failure(result, doing: doing, at: object)
        }
        return try land(partial, as: file)
    }

    /// Gives what was downloaded its name.
    ///
    /// - Returns: false where nothing came: rclone succeeds where no object is, and brings a tree of
    ///   that name where there is one.
    private func land(_ partial: String, as file: String) throws -> Bool {
        guard exists(partial) else { return false }
        guard !isDirectory(partial) else {
            try? FileManager.default.removeItem(atPath: partial)
            return false
        }
        try moveIntoPlace(partial, as: file)
        AtomicFile.syncDirectory(parentDirectory(file))
        return true
    }

    /// - Returns: the failure of the tool; errors of our own are thrown.
    private func download(
        _ prefix: StoreURL, to directory: String, through store: any ObjectStore
    ) async throws -> Failure? {
        if store.writesInPlace {
            return try await downloadAside(prefix, to: directory, through: store)
        }
        var alone: [String] = []
        var listed: [String] = []
        if store.listsBeforeDownload {
            listed = try await list(below: prefix)
            guard !listed.isEmpty else { return nil }
            alone = listed.filter(store.isAwkward)
        }
        if alone.isEmpty || alone.count < listed.count {
            let command = store.download(tree: prefix, to: directory, present: nil)
            let result = try await run(command)
            if !result.succeeded {
                if store.isMissing(result) { return nil }
                return store.failure(result, doing: "downloading", at: prefix)
            }
        }
        let client = moved(to: prefix)
        for path in alone { try await client.download(object: path, to: "\(directory)/\(path)") }
        removeLeftovers(of: listed, in: directory, store: store)
        for path in listed where !exists("\(directory)/\(path)") {
            return Failure("downloading \(prefix): \(store.tool) did not bring \(quoted(path))")
        }
        return nil
    }

    /// - Throws: `Failure` where a name leads out of the directory: gsutil and gcloud follow it.
    private func list(below prefix: StoreURL) async throws -> [String] {
        try await moved(to: prefix).list().map { object in
            guard RelativePath.isSafe(object.path) else {
                throw Failure(
                    "\(prefix) holds \(quoted(object.path)), which is no path below a directory",
                    hint: "delete that object, or move it to another name")
            }
            return object.path
        }
    }

    /// Into a directory beside the files, which are moved once all have come.
    private func downloadAside(
        _ prefix: StoreURL, to directory: String, through store: any ObjectStore
    ) async throws -> Failure? {
        let aside = aside(of: prefix, in: directory)
        try makeDirectories(aside)
        let command = store.download(tree: prefix, to: aside, present: directory)
        let result = try await run(command)
        guard result.succeeded else {
            return store.failure(result, doing: "downloading", at: prefix)
        }
        for file in try TreeScan(of: aside).files {
            let target = "\(directory)/\(file.path)"
            try makeDirectories(parentDirectory(target))
            try moveIntoPlace(file.source, as: target)
        }
        try? FileManager.default.removeItem(atPath: aside)
        AtomicFile.syncDirectory(directory)
        return nil
    }

    private func moveIntoPlace(_ source: String, as target: String) throws {
        guard rename(source, target) == 0 else {
            throw systemFailure("cannot write \(quoted(target))")
        }
    }

    /// Removes what killed calls left beside the files that came.
    private func removeLeftovers(of listed: [String], in directory: String, store: any ObjectStore)
    {
        let known = Set(listed.map { "\(directory)/\($0)" })
        for parent in Set(known.map(parentDirectory)) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            for path in names.map({ "\(parent)/\($0)" }) where !known.contains(path) {
                if let owner = store.owner(ofLeftover: path), known.contains(owner) { unlink(path) }
            }
        }
    }
}
