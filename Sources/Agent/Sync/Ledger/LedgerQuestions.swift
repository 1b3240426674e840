import Shared

/// What is asked of the ledger; nothing here changes it.
extension UploadLedger {
    var indices: Range<Int> { table.indices }
    /// All `.partial` objects, also those of former agents.
    var partialNames: [String] { partials.names }
    subscript(index: Int) -> FileTable.Record { table[index] }
    /// Of the object; the file is `source(of:)`.
    func path(_ index: Int) -> String { table.path(index) }
    func source(of index: Int) -> String { context.trees.source(of: table.path(index)) }
    func index(of path: String) -> Int? { table.existing(path) }
    func identity(_ index: Int) -> WriterDetector.Identity { table[index].identity }
    func isOrdered(_ left: Int, _ right: Int) -> Bool { table.isOrdered(left, right) }
    /// Whether the last scan saw it.
    func isPresent(_ index: Int) -> Bool { scanNumber > 0 && table.seen(index) == scanNumber }
    func isUp(_ index: Int) -> Bool { table.isUp(index) }
    func flags(_ index: Int) -> FileTable.Flags { table.flags(index) }

    /// Not seen by the last two scans: one may have walked past a rename.
    func isGone(_ index: Int) -> Bool { scanNumber >= 2 && table.seen(index) < scanNumber - 1 }

    /// Whether no hard link of this version is safe.
    func isWrittenInPlace(_ index: Int) -> Bool {
        table[index].flags.contains(.inPlace) || rewritten.contains(table[index].current)
    }

    /// Whether exactly this version is up as `.partial`.
    func isUpAsPartial(_ index: Int) -> Bool {
        partials.holds(table.path(index), table[index].current)
    }

    /// The name of the object beside that of an incomplete file.
    func partialName(for path: String) -> String { partials.name(for: path) }

    /// Whether any version is up as `.partial`.
    func hasPartial(_ index: Int) -> Bool { partials.holds(table.path(index)) }

    /// Whether the whole bucket was listed.
    var hasListing: Bool { unrecorded.isListed }
    /// Objects that may be in the bucket although no record says so.
    var unrecordedPaths: Set<PathKey> { unrecorded.paths }
}
