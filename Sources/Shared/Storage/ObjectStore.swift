/// One kind of store: which commands move its objects, and how their answers read.
///
/// Nothing here runs anything: `StoreClient` does, so a test can compare commands as values.
/// Every name is passed as an argument of its own and never as a pattern.
package protocol ObjectStore: Sendable {
    /// The program behind it, as a person knows it.
    var tool: String { get }

    /// How the files of a tree must lie for this store's command.
    ///
    /// - Parameter known: how many objects are under the prefix by what we know: a store may choose
    ///   a command whose cost does not grow with it.
    func layout(for scan: TreeScan, known: Int) -> UploadTree.Layout
    /// Uploads all files of `tree` under `prefix`, replacing; deletes nothing.
    func upload(_ tree: UploadTree, to prefix: StoreURL) -> Command
    /// Uploads one file as exactly this object.
    func upload(file: String, to object: StoreURL) -> Command

    /// Downloads all objects under `prefix` below `directory`, which exists. Goes on where a former
    /// call was killed.
    ///
    /// - Parameter present: a directory of files that need not come again; only for a store that
    ///   `writesInPlace`.
    func download(tree prefix: StoreURL, to directory: String, present: String?) -> Command
    func download(object: StoreURL, to file: String) -> Command
    /// Whether a killed download can leave half a file under its final name.
    var writesInPlace: Bool { get }
    /// Whether a tree is listed before it is downloaded, since this tool would follow `..` in a
    /// name, lose a name or leave something behind.
    var listsBeforeDownload: Bool { get }
    /// The file of which a killed download left this name beside it; nil where it is no such name.
    func owner(ofLeftover name: String) -> String?
    /// The same store through a tool that starts in a tenth of the time and is faster with many
    /// files: for what is downloaded, and for single objects. Nil where there is none.
    var faster: (any ObjectStore)? { get }

    /// Lists all objects under `prefix`, which counts as a whole path component.
    func list(_ prefix: StoreURL) -> Command
    /// Reads what `list` printed. An empty or missing prefix is an empty list.
    ///
    /// - Throws: `Failure` where the listing failed or does not read.
    func objects(from result: CommandResult, under prefix: StoreURL) throws -> [StoredObject]
    /// What the MD5s are of that it lists; nil where it lists CRC32C, which goes before them.
    var listedMD5: MD5Tag.Kind? { get }

    /// Deletes these objects, whose paths are below `prefix`.
    func delete(_ objects: [StoredObject], under prefix: StoreURL) -> Command

    /// How many objects one such command takes.
    var mostDeletions: Int { get }
    /// Whether all of them are gone, as far as the command says.
    func deleted(_ result: CommandResult) -> Bool

    /// Whether the tree and delete commands misread this path: it then travels by itself, and is
    /// deleted by the version that a listing gives.
    func isAwkward(_ path: String) -> Bool
    /// Whether even the command for one file misreads this path: it goes up as a tree of one.
    func needsTree(_ path: String) -> Bool
    /// Whether `result` says that the object or prefix asked for does not exist.
    func isMissing(_ result: CommandResult) -> Bool
    /// The object was there, and was replaced while the tool was about to read it: to be read again.
    func wasReplaced(_ result: CommandResult) -> Bool
    /// The tool's failure in a person's words: no such bucket, no permission, disk full, no network.
    func failure(_ result: CommandResult, doing: String, at url: StoreURL) -> Failure
}

extension ObjectStore {
    package func layout(for scan: TreeScan, known: Int) -> UploadTree.Layout {
        scan.isPlain ? .asItIs : .links
    }
    package func wasReplaced(_ result: CommandResult) -> Bool { false }
    package var writesInPlace: Bool { false }
    package var listsBeforeDownload: Bool { false }
    package var listedMD5: MD5Tag.Kind? { nil }
    package func owner(ofLeftover name: String) -> String? { nil }
    package var faster: (any ObjectStore)? { nil }
    package var mostDeletions: Int { .max }
    package func deleted(_ result: CommandResult) -> Bool { result.succeeded }
    package func isAwkward(_ path: String) -> Bool { false }
    package func needsTree(_ path: String) -> Bool { false }
}
