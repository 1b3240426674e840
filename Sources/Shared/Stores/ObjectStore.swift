/// One kind of store: which commands move its objects, and how their answers read.
///
/// Nothing here runs anything: `StoreClient` does, so a test can compare commands as values.
/// Every name is passed as an argument of its own and never as a pattern.
package protocol ObjectStore: Sendable {
    var traits: StoreTraits { get }

    /// The layout of files that this store's command needs.
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
    ///   writes in place (`StoreTraits`).
    func download(tree prefix: StoreURL, to directory: String, present: String?) -> Command
    /// The same without these objects, whose names are longer than `longestTreeName`.
    func download(
        tree prefix: StoreURL, to directory: String, without paths: [String]
    ) -> Command
    func download(object: StoreURL, to file: String) -> Command
    /// Brings the bytes of `range` of one object, fewer where it ends earlier, into a new file.
    func download(_ range: Range<Int64>, of object: StoreURL, to file: String) -> Command
    /// The file whose killed download left a file of this name; nil for other names.
    func owner(ofLeftover name: String) -> String?

    /// Copies these objects from below one prefix of this kind of store to the same names below
    /// another, without bringing them here; nil where the tool cannot.
    func copy(_ paths: [String], from source: StoreURL, to target: StoreURL) -> [Command]?

    /// Lists all objects under `prefix`, which counts as a whole path component.
    func list(_ prefix: StoreURL) -> Command
    /// The same where names and sizes are all that is asked for.
    func listSizes(_ prefix: StoreURL) -> Command
    /// Lists a few of the objects where the tool can stop by itself, else all.
    func listSome(_ prefix: StoreURL) -> Command
    /// Whether the beginning of what `listSome` prints shows an object already.
    func showsObject(_ beginning: String) -> Bool
    /// Reads what `list` or `listSizes` printed. An empty or missing prefix is an empty list.
    ///
    /// - Throws: `Failure` where the listing failed or does not read.
    func objects(from result: CommandResult, under prefix: StoreURL) throws -> [StoredObject]

    /// A line for each entry that the listing left out, with the reason.
    func leftOut(_ result: CommandResult) -> [String]
    /// The possible file names of an object listed as `path`, the most likely first.
    func localNames(of path: String) -> [String]

    /// Deletes these objects, whose paths are below `prefix`.
    func delete(_ objects: [StoredObject], under prefix: StoreURL) -> Command
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
    /// The tool's failure as a readable error: no such bucket, no permission, disk full, no network.
    func failure(_ result: CommandResult, doing: String, at url: StoreURL) -> Failure
}

extension ObjectStore {
    package func layout(for scan: TreeScan, known: Int) -> UploadTree.Layout {
        scan.isPlain ? .asItIs : .links
    }
    package func download(
        tree prefix: StoreURL, to directory: String, without paths: [String]
    ) -> Command { download(tree: prefix, to: directory, present: nil) }
    package func copy(
        _ paths: [String], from source: StoreURL, to target: StoreURL
    ) -> [Command]? { nil }
    package func listSizes(_ prefix: StoreURL) -> Command { list(prefix) }
    package func listSome(_ prefix: StoreURL) -> Command { listSizes(prefix) }
    package func showsObject(_ beginning: String) -> Bool { false }
    package func leftOut(_ result: CommandResult) -> [String] { [] }
    package func localNames(of path: String) -> [String] { [path] }
    package func wasReplaced(_ result: CommandResult) -> Bool { false }
    package func owner(ofLeftover name: String) -> String? { nil }
    package func deleted(_ result: CommandResult) -> Bool { result.succeeded }
    package func isAwkward(_ path: String) -> Bool { false }
    package func needsTree(_ path: String) -> Bool { false }
}
