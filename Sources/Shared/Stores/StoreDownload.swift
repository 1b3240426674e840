/// The way down: nothing under its final name before it is whole, nothing outside the directory,
/// nothing larger than its limit.
extension StoreClient {
    /// Downloads all below `path` ("" for everything) into `directory`, which is made.
    ///
    /// Goes on where a former call was killed. A prefix that holds nothing brings nothing. What was
    /// listed is compared with what came, by names and sizes.
    ///
    /// - Parameters:
    ///   - listing: a current listing of what is below `path`; nil requests one.
    ///   - tellLeftOut: gets a line for each entry in the store that is not an object.
    /// - Throws: `Failure` naming what did not come; some of the files may be there then, each of
    ///   them whole. With the reason `tooLarge` where more came than was listed.
    package func download(
        tree path: String, to directory: String, listing: TreeListing? = nil,
        tellLeftOut: ([String]) -> Void = { _ in }
    ) async throws {
        try makeDirectories(directory)
        let client = path.isEmpty ? self : moved(to: url.appending(path))
        if let faster = faster,
            let listing = try await client.listing(listing, by: faster)
        {
            try listing.check(client.url, names: faster.localNames)
            if try await client.download(listing, to: directory, through: faster) == nil {
                return tellLeftOut(listing.leftOut)
            }
        }
        let listing = try await client.listing(by: store)
        try listing.check(client.url, names: store.localNames)
        if let failure = try await client.download(listing, to: directory, through: store) {
            throw failure
        }
        // What the faster tool began.
        try? FileManager.default.removeItem(atPath: client.aside(in: directory))
        tellLeftOut(listing.leftOut)
    }

    /// All objects with their sizes, by the tool that tells them soonest; checksums may lack.
    package func treeListing() async throws -> TreeListing {
        if let faster = faster, let listing = try await listing(nil, by: faster) {
            return listing
        }
        return try await listing(by: store)
    }

    /// - Returns: nil where the faster tool does not get in.
    private func listing(
        _ known: TreeListing?, by faster: any ObjectStore
    ) async throws -> TreeListing? {
        if let known { return known }
        do {
            return try await listing(by: faster)
        } catch is Failure {
            return nil
        }
    }

    private func listing(by store: any ObjectStore) async throws -> TreeListing {
        let result = try await run(store.listSizes(url))
        return TreeListing(
            objects: Self.files(try store.objects(from: result, under: url)),
            leftOut: store.leftOut(result))
    }

    /// Where what is downloaded gathers, if the tool would write to the final names.
    private func aside(in directory: String) -> String {
        PartialFile.path(in: directory, for: url.description)
    }

    /// Downloads one object, replacing.
    ///
    /// - Parameter limit: in bytes. A transfer that passes it is stopped.
    /// - Throws: `Failure`, also if the object does not exist; `file` is then unchanged.
    package func download(object path: String, to file: String, limit: Int64) async throws {
        guard try await fetch(path, to: file, limit: limit, doing: "downloading") else {
            throw Failure("\(url.appending(path)) does not exist")
        }
    }

    /// Downloads one object, under another name until it is whole; by the store's faster tool where
    /// there is one.
    ///
    /// - Returns: whether there is such an object.
    func fetch(
        _ path: String, to file: String, limit bytes: Int64, doing: String
    ) async throws -> Bool {
        try RelativePath.check(path)
        let object = url.appending(path)
        try makeDirectories(parentDirectory(file))
        // In a directory of its own: tools write to names of their own beside the one they are given,
        // and what a killed call left is no object that a tool which brings nothing may hand on.
        let place = PartialFile.path(for: file)
        try? FileManager.default.removeItem(atPath: place)
        try makeDirectories(place, mode: 0o700)
        defer { try? FileManager.default.removeItem(atPath: place) }
        let partial = place + "/object"
        let limit = TransferLimit(on: place, bytes: bytes, name: "\(object)")
        if let faster = faster,
            try await succeeds(faster.download(object: object, to: partial), within: limit),
            try land(partial, as: file)
        {
            return true
        }
        var result: CommandResult
        var attempts = 0
        repeat {
            result = try await run(store.download(object: object, to: partial), within: limit)
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
        _ listing: TreeListing, to directory: String, through store: any ObjectStore
    ) async throws -> Failure? {
        guard !listing.objects.isEmpty else { return nil }
        let limit = await offTaskThreads {
            TransferLimit(
                on: directory, bytes: TransferLimit.withSlack(listing.bytes),
                name: "what \(url) holds by its listing, as it comes,")
        }
        let failure =
            store.traits.writesInPlace
            ? try await downloadAside(to: directory, through: store, within: limit)
            : try await downloadInPlace(listing, to: directory, through: store, within: limit)
        if let failure { return failure }
        let gaps = await offTaskThreads {
            listing.gaps(in: directory, names: store.localNames)
        }
        return gaps.isEmpty
            ? nil
            : TreeListing.failure(of: gaps, doing: "downloading \(url)", with: store.traits.tool)
    }

    private func downloadInPlace(
        _ listing: TreeListing, to directory: String, through store: any ObjectStore,
        within limit: TransferLimit
    ) async throws -> Failure? {
        // What is listed can be anything.
        let long = listing.objects.map(\.path).filter { path in
            fileName(of: path).utf8.count > store.traits.longestTreeName && !store.isAwkward(path)
        }
        let apart = Set(long.map { PathKey($0) })
        let alone = listing.objects.filter { object in
            store.isAwkward(object.path) || apart.contains(PathKey(object.path))
        }
        if alone.count < listing.objects.count {
            let command = store.download(tree: url, to: directory, without: long)
            let result = try await run(command, within: limit)
            if !result.succeeded {
                if store.isMissing(result) { return nil }
                return store.failure(result, doing: "downloading", at: url)
            }
        }
        for object in alone {
            try await download(
                object: object.path, to: "\(directory)/\(object.path)",
                limit: TransferLimit.withSlack(object.size))
        }
        removeLeftovers(of: listing.objects.map(\.path), in: directory, store: store)
        return nil
    }

    /// Into a directory beside the files, which are moved once all have come.
    private func downloadAside(
        to directory: String, through store: any ObjectStore, within limit: TransferLimit
    ) async throws -> Failure? {
        let aside = aside(in: directory)
        try makeDirectories(aside)
        let command = store.download(tree: url, to: aside, present: directory)
        let result = try await run(command, within: limit)
        guard result.succeeded else {
            return store.failure(result, doing: "downloading", at: url)
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
