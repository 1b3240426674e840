import Shared

/// Where a report of a run is made from: a folder, or what its bucket holds now.
struct RunSource {
    let run: CollectedRun
    /// Where the page belongs if nothing else is said.
    let reportPath: String
    /// Holds what was downloaded for it.
    private let temporary: TemporaryDirectory?

    static let reportName = "report.html"

    private init(_ run: CollectedRun, reportPath: String, temporary: TemporaryDirectory? = nil) {
        self.run = run
        self.reportPath = reportPath
        self.temporary = temporary
    }

    func remove() { temporary?.remove() }

    /// Finds it: a folder that `finish` made, a run that is known here, or one that was collected
    /// into the current directory.
    ///
    /// - Throws: `Failure` if there is no such run, or its bucket cannot be read.
    static func find(_ address: RunAddress, context: Context) async throws -> RunSource {
        if let place = address.short, isDirectory(place + "/" + BucketLayout.run) {
            return try of(folder: place)
        }
        let known: RunHandle
        do {
            known = try await RunStore(context: context).open(address)
        } catch let failure as Failure {
            guard let place = newestCollection(try address.expanded()) else { throw failure }
            return try of(folder: place)
        }
        return try await of(known)
    }

    static func of(folder: String) throws -> RunSource {
        let place = StoreURL.absolutePath(folder)
        return RunSource(
            try CollectedRun(at: place), reportPath: place + "/" + reportName)
    }

    private static func newestCollection(_ address: RunAddress) -> String? {
        guard let code = address.codeName, let dataset = address.datasetName else { return nil }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: ".")) ?? []
        // The name begins with the time.
        return names.filter { $0.hasSuffix("_\(code)_\(dataset)") }.sorted()
            .last { isDirectory($0 + "/" + BucketLayout.run) }
    }

    private static func of(_ handle: RunHandle) async throws -> RunSource {
        let name = "report_\(handle.name.codeName)_\(handle.name.datasetName).html"
        let page = StoreURL.absolutePath(name)
        if handle.record.stage == .collected, let place = handle.record.collection,
            isDirectory(place)
        {
            return try of(folder: place)
        }
        let url = try StoreURL(parsing: handle.record.output)
        if url.scheme == "file" {
            return RunSource(try CollectedRun(at: url.path), reportPath: page)
        }
        let directory = try TemporaryDirectory(prefix: "train-report")
        do {
            try await fetch(handle.record.client(runner: handle.context.runner), to: directory.path)
            return RunSource(
                try CollectedRun(at: directory.path), reportPath: page, temporary: directory)
        } catch {
            directory.remove()
            throw error
        }
    }

    /// What the run says of itself, without its checkpoints.
    private static func fetch(_ client: StoreClient, to directory: String) async throws {
        for name in [BucketLayout.run, BucketLayout.logs] {
            try await client.download(tree: name, to: directory + "/" + name)
        }
        for object in try await client.list(BucketLayout.output).prefix(100_000) {
            let path = BucketLayout.output + "/" + object.path
            guard ScalarFileSearch.isScalarFile(fileName(of: path)), RelativePath.isSafe(path)
            else { continue }
            try await client.download(
                object: path, to: directory + "/" + path,
                limit: TransferLimit.withSlack(object.size))
        }
    }
}
