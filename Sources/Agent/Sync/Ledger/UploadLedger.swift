import Shared

/// What is known of every file, and what of it is in the bucket.
///
/// The only owner of the table of files, of `index.tsv`, which tells the next agent what is up, and
/// of the `.partial` objects. Each operation keeps the three in agreement; what is asked of them
/// stands in `LedgerQuestions.swift`. Files are named by their index in the table, which is good until
/// the next scan.
final class UploadLedger {
    private(set) var manifest = ManifestState()
    /// What the store's MD5s are of, where they are all it lists and can be trusted.
    private(set) var listedMD5: MD5Tag.Kind?
    /// Output and logs of earlier machines are here: until then none may go up.
    private(set) var isRestored = false
    let context: SyncContext
    private(set) var table = FileTable()
    private(set) var scanNumber: UInt32 = 0
    private var file: LedgerFile
    private(set) var partials: PartialUploads
    private(set) var rewritten = RewrittenLinks()
    private(set) var unrecorded = UnrecordedObjects()
    /// What can change without an event of the kernel: what was not up, and logs that are open.
    private var watched: [Int] = []

    init(_ context: SyncContext, listedMD5: MD5Tag.Kind?) {
        self.context = context
        self.listedMD5 = listedMD5
        file = LedgerFile(path: context.stateDirectory + "/index.tsv")
        partials = PartialUploads(trees: context.trees)
    }

    deinit { file.shut() }

    // MARK: The file
    /// Reads `index.tsv`, and writes it anew where most of it is history.
    func load() {
        for entry in file.load() {
            table.apply(entry)
            switch entry {
            case .uploaded(let path, _):
                manifest.fallBehind()
                partials.recordLoaded(path)
            case .pendingDeletion: manifest.fallBehind()
            case .halfWritten(let path, let version): partials.markIncomplete(path, version)
            case .rewritten(let version): rewritten.insert(version)
            case .manifest(let generation, let final):
                manifest.record(generation: generation, final: final)
            case .links(let digest): manifest.record(linksDigest: digest)
            case .restored: isRestored = true
            case .deleted, .superseded: break
            }
        }
        manifest.assumeUnseenWrite()
        // Where it cannot be written, the longer file goes on to say the same.
        if file.isMostlyHistory(ofFiles: table.count) { try? file.rewrite(entries()) }
    }

    /// Adds to `index.tsv`. Where it cannot, as on a full disk, what is not in it goes up again.
    private func remember(_ new: [LedgerFile.Entry]) {
        guard let failure = file.record(new, else: entries) else { return }
        context.event(.warning, failure.summary, nil)
    }

    /// The present state alone, without its history.
    private func entries() -> [LedgerFile.Entry] {
        var entries = table.entries
        entries += rewritten.stamps.map { .rewritten($0) }
        entries += partials.entries
        if isRestored { entries.append(.restored) }
        entries.append(.links(manifest.toldLinks))
        // Before what it does not tell of, or after all that it does.
        let told = LedgerFile.Entry.manifest(manifest.generation, final: manifest.isFinal)
        if manifest.isBehind { entries.insert(told, at: 0) } else { entries.append(told) }
        return entries
    }

    // MARK: What is on the machine

    /// Walks both trees.
    ///
    /// - Returns: the files that are not up as they are, and what else the walk met.
    func scan(with scanner: Scanner) -> (pending: [Int], report: Scanner.Report) {
        scanNumber += 1
        table.compact(scan: scanNumber - 1)
        let (pending, report) = scanner.scan(&table, number: scanNumber)
        watched = Array(Set(pending).union(recentLogs()))
        manifest.walked(report, gone: goneCount)
        return (pending, report)
    }

    /// Looks again at what can have changed since the last walk although the kernel told nothing.
    ///
    /// - Returns: the files that are not up as they are; nil where there was no walk.
    func revisit(with scanner: Scanner) -> [Int]? {
        guard scanNumber > 0 else { return nil }
        for index in watched { scanner.revisit(index, &table, number: scanNumber) }
        return watched.filter { isPresent($0) && table[$0].isPending }
    }

    /// Notes since when a file is not up as it is.
    func markPending(_ index: Int, at time: Duration) {
        if table[index].pendingSince == nil { table[index].pendingSince = time }
    }

    /// Notes what a sync saw of a file that may have to wait.
    func recordLook(_ index: Int, wasOpen: Bool) {
        table[index].look = FileTable.Observation(stamp: table[index].current, wasOpen: wasOpen)
    }

    /// Notes that no hard link of the file is safe: its writer does not leave the inode alone.
    @discardableResult
    func markInPlace(_ path: String) -> Int {
        let index = table.index(of: path)
        table[index].flags.insert(.inPlace)
        return index
    }

    /// Notes that the file is written anew each time, and is complete or not.
    func stopGrowing(_ index: Int) { table[index].flags.remove(.log) }

    /// Notes versions that were written to while a link of ours was on them.
    func recordRewritten(_ versions: [FileVersion]) {
        for version in versions { rewritten.insert(version) }
        remember(versions.map { .rewritten($0) })
    }

    /// Notes that their writer left these versions incomplete.
    func recordIncomplete(_ indices: [Int]) {
        for index in indices { partials.markIncomplete(table.path(index), table[index].current) }
        remember(indices.map { .halfWritten(table.path($0), table[$0].current) })
    }

    /// Says how the version that is there now goes up, after a writer left it incomplete.
    func partialState(_ index: Int) -> PartialUploads.State {
        partials.state(of: table.path(index), table[index].current)
    }

    // MARK: What is in the bucket

    func recordUploaded(_ uploads: [UploadedObject]) {
        for upload in uploads {
            let index = table.index(of: upload.path)
            var file = table[index]
            file.up = upload.up
            file.flags.subtract([.pendingDeletion, .superseded])
            (file.look, file.pendingSince) = (nil, nil)
            table[index] = file
            partials.recordUploaded(
                upload.path, of: upload.origin, upload.frozen, isPartial: upload.isPartial)
        }
        unrecorded.remove(uploads.map(\.path))
        if !uploads.isEmpty { manifest.fallBehind() }
        remember(uploads.map { .uploaded($0.path, $0.up) })
    }

    /// Notes that the object is as this version is, although the version is another.
    func recordUnchanged(_ index: Int, _ version: FileVersion) {
        table[index].up?.stamp = version
        // The file was gone, and is back before its object was deleted.
        if table[index].flags.contains(.pendingDeletion), let up = table[index].up {
            table[index].flags.remove(.pendingDeletion)
            manifest.fallBehind()
            remember([.uploaded(table.path(index), up)])
        }
        (table[index].look, table[index].pendingSince) = (nil, nil)
    }

    /// Forgets that these objects are up: the bucket lists something else, or they can be torn.
    ///
    /// - Returns: whether sending again can mend any of it.
    @discardableResult
    func recordDiffering(_ paths: [String]) -> Bool {
        var canMend = !partials.isEmpty
        for path in paths {
            let index = table.index(of: path)
            table[index].up = nil
            // It goes up as a copy: a link has the time by which a tool took the object for the
            // same.
            table[index].flags.insert(.inPlace)
            canMend = canMend || isPresent(index)
        }
        partials.recordMissing(Set(paths))
        manifest.fallBehind()
        return canMend
    }

    /// Notes that a transfer that failed may have brought these up.
    func recordPossible(_ paths: [String]) { unrecorded.insert(paths) }

    /// Takes a listing of the whole bucket, whoever asked for it.
    func recordListing(_ listing: [StoredObject]) {
        unrecorded.record(listing) { table.existing($0).flatMap { table[$0].up } != nil }
    }

    /// Notes that these are to be deleted, once the bucket's manifest does not name them.
    func markForDeletion(_ indices: [Int]) {
        guard !indices.isEmpty else { return }
        indices.forEach { table[$0].flags.insert(.pendingDeletion) }
        manifest.fallBehind()
        remember(indices.map { .pendingDeletion(table.path($0)) })
    }

    /// Notes that these versions are not to go up again.
    func markSuperseded(_ indices: [Int]) {
        for index in indices { table[index].flags.insert(.superseded) }
        remember(indices.map { .superseded(table.path($0), table[$0].current) })
    }

    /// Notes what of the code directory is the code itself: none of it goes up as it is.
    func recordCode(_ baseline: CodeBaseline) {
        for (key, version) in baseline.files { table.setCode(key.path, version) }
    }

    /// Notes that these objects are no longer in the bucket.
    func recordDeleted(_ paths: [String]) {
        unrecorded.remove(paths)
        let known = paths.compactMap { table.existing($0) }
        for index in known { table.apply(.deleted(table.path(index))) }
        partials.recordDeleted(paths)
        remember(known.map { .deleted(table.path($0)) })
    }

    /// Notes that this manifest is in the bucket, and names all that is up.
    func recordManifest(_ text: NextManifest, final: Bool) {
        let links = manifest.toldLinks
        manifest.record(text, final: final)
        let new = links == manifest.toldLinks ? [] : [LedgerFile.Entry.links(manifest.toldLinks)]
        remember(new + [.manifest(text.generation, final: final)])
    }

    // MARK: Restore

    /// Begins anew from a manifest of the bucket.
    func restart(from text: Manifest) {
        table = FileTable()
        scanNumber = 0
        watched = []
        manifest.record(text)
    }

    /// Notes that the object is up, as this version of the file.
    func recordRestored(_ entry: Manifest.Entry, _ version: FileVersion) {
        table.setUp(
            table.index(of: entry.path),
            FileTable.Uploaded(stamp: version, size: entry.size, crc32c: entry.crc32c))
    }

    /// Notes whether a restore went well; if so, `index.tsv` is written anew.
    func finishRestore(succeeded: Bool) {
        isRestored = succeeded
        guard succeeded else { return }
        file.isBehind = true
        remember([])
    }

    /// Notes the MD5s that the bucket lists of what came back from it, verified.
    func recordListedMD5(_ listing: [StoredObject]) {
        for object in listing {
            guard let md5 = object.md5, let index = table.existing(object.path),
                table[index].up?.size == object.size
            else { continue }
            table[index].up?.md5 = md5
        }
    }

    /// The store's MD5s are none of the content.
    func distrustListedMD5() { listedMD5 = nil }
}
