/// What a listing says of one object.
package struct StoredObject: Sendable, Hashable {
    /// Below the prefix that was listed.
    package var path: String
    package var size: Int64
    /// Where the store lists it (Google, and our own file store).
    package var crc32c: UInt32?
    /// Lower-case hex, where the store lists it (S3 for objects of one part, Azure, Google).
    package var md5: String?

    package init(path: String, size: Int64, crc32c: UInt32? = nil, md5: String? = nil) {
        self.path = path
        self.size = size
        self.crc32c = crc32c
        self.md5 = md5
    }
}

/// How the commands of a store are allowed in.
package struct StoreAccess: Sendable, Equatable {
    /// A key file on the laptop; nil on a VM, where the machine's identity counts.
    package var credentialsPath: String?
    /// The tool the user chose by `--transfer_tool`; nil takes the store's own.
    package var tool: String?
    /// The executable that answers to `file-store`; nil finds our own.
    package var program: String?

    package init(credentialsPath: String? = nil, tool: String? = nil, program: String? = nil) {
        self.credentialsPath = credentialsPath
        self.tool = tool
        self.program = program
    }
}

/// One kind of store: which commands move its objects, and how their answers read.
///
/// Nothing here runs anything: `StoreClient` does, so a test can compare commands as values.
/// Every name is passed as an argument of its own and never as a pattern.
package protocol ObjectStore: Sendable {
    /// Uploads all files below `directory` under `prefix`, replacing; deletes nothing.
    ///
    /// - Parameters:
    ///   - changed: how many files `directory` holds.
    ///   - known: how many objects are under `prefix` by what we know: a store may choose a command
    ///     whose cost does not grow with it.
    func upload(tree directory: String, to prefix: StoreURL, changed: Int, known: Int) -> Command
    /// Uploads one file as exactly this object.
    func upload(file: String, to object: StoreURL) -> Command
    /// Downloads all objects under `prefix` below `directory`, which exists. Goes on where a
    /// former call was killed; never leaves a half file under its final name.
    func download(tree prefix: StoreURL, to directory: String) -> Command
    func download(object: StoreURL, to file: String) -> Command
    /// Lists all objects under `prefix`, which counts as a whole path component.
    func list(_ prefix: StoreURL) -> Command
    /// Reads what `list` printed. An empty or missing prefix is an empty list.
    ///
    /// - Throws: `Failure` where the listing failed or does not read.
    func objects(from result: CommandResult, under prefix: StoreURL) throws -> [StoredObject]
    /// Deletes these objects; `paths` are below `prefix`. One that is gone already is no error.
    func delete(_ paths: [String], under prefix: StoreURL) -> Command
    /// Whether `result` says that the object or prefix asked for does not exist.
    func isMissing(_ result: CommandResult) -> Bool
    /// The tool's failure in a person's words: no such bucket, no permission, disk full, no network.
    func failure(_ result: CommandResult, doing: String, at url: StoreURL) -> Failure
}
