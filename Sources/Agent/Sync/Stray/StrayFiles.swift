import Shared

/// The files that the training writes into its code directory, its working directory.
///
/// Most public programs write there where nobody tells them otherwise: `./checkpoints`, `outputs/`,
/// `lightning_logs/`. They are told from the code by what lay there before the first trainer
/// began on this machine. On a rented machine they go up below `stray/`; by hand, where the
/// directory is the user's own, they are only named.
final class StrayFiles {
    /// False by hand.
    let isKept: Bool
    let root: Scanner.Root
    /// The code is known from what the training writes: a trainer has begun on this machine.
    private(set) var isActive = false
    /// Of what is kept, in bytes.
    private let limit: Int64
    private let baselinePath: String
    /// Beyond the limit, by their indexes in the ledger's table.
    private var left: Set<Int> = []
    private var hasBegun = false
    private static let mostNamed = 20

    init(_ job: Job) {
        isKept = job.code.source != job.directories.code
        let directories = job.directories
        root = Scanner.Root(
            prefix: BucketLayout.stray, directory: directories.code,
            avoids: [directories.work, directories.dataset, directories.output, directories.logs])
        limit = job.sync.strayBytes ?? Job.Sync.defaultStrayBytes
        baselinePath = job.work.codeBaseline
    }

    /// The tree to scan, where there is one by now.
    var roots: [Scanner.Root] { isActive && isKept ? [root] : [] }

    /// Reads what an agent before this one has noted on this machine.
    ///
    /// - Throws: `Failure` where it is damaged.
    func load(_ ledger: UploadLedger) throws {
        guard let baseline = try CodeBaseline(reading: baselinePath) else { return }
        isActive = true
        if isKept { ledger.recordCode(baseline) }
    }

    /// Notes what is in the code directory, but for what a restore has brought there.
    ///
    /// By hand this is done anew by each call: what its user has edited since the one before is no
    /// training's.
    ///
    /// - Throws: `Failure` where that cannot be written down.
    func begin(_ ledger: UploadLedger) throws {
        guard !hasBegun, !isActive || !isKept else { return }
        hasBegun = true
        var baseline = CodeBaseline()
        for (path, version) in Self.scan(root) {
            let index = ledger.index(of: "\(root.prefix)/\(path)")
            let isRestored = index.flatMap { ledger[$0].up?.stamp.isSameContent(as: version) }
            if isRestored != true { baseline.add(path, CodeBaseline.Version(version)) }
        }
        try makeDirectories(parentDirectory(baselinePath), mode: 0o700)
        try baseline.write(to: baselinePath)
        try load(ledger)
    }

    private static func scan(_ root: Scanner.Root) -> [(path: String, version: FileVersion)] {
        var table = FileTable()
        _ = Scanner(roots: [root], patterns: PathPatterns([]), foreign: []).scan(&table, number: 1)
        return table.indices.filter { table.flags($0).isDisjoint(with: [.excluded, .unsupported]) }
            .map { (below(table.path($0)), table[$0].current) }
    }

    /// The path of an object as it is below the code directory.
    private static func below(_ path: String) -> String {
        String(path.dropFirst(BucketLayout.stray.utf8.count + 1))
    }

    /// The pending files without those that are beyond the limit; the older goes first.
    ///
    /// What is on the machine counts, not what is in the bucket: a training that removes old
    /// checkpoints may go on writing new ones.
    func withinLimit(_ pending: [Int], _ ledger: UploadLedger) -> [Int] {
        left = []
        guard isActive, pending.contains(where: { ledger.flags($0).contains(.stray) }) else {
            return pending
        }
        var room = limit
        for index in ledger.indices where isCounted(index, ledger) && ledger.isUp(index) {
            room -= ledger[index].current.size
        }
        let new = pending.filter { ledger.flags($0).contains(.stray) && !ledger.isUp($0) }
            .sorted { ledger[$0].current.mtime < ledger[$1].current.mtime }
        for index in new {
            let size = ledger[index].current.size
            if size <= room { room -= size } else { left.insert(index) }
        }
        return left.isEmpty ? pending : pending.filter { !left.contains($0) }
    }

    private func isCounted(_ index: Int, _ ledger: UploadLedger) -> Bool {
        ledger.flags(index).contains(.stray)
            && ledger.flags(index).isDisjoint(with: [.superseded, .excluded, .unsupported])
            && ledger.isPresent(index)
    }

    /// What there is, after a scan and `withinLimit`; nil where there is nothing.
    func record(_ ledger: UploadLedger) -> RunStatus.StrayFiles? {
        guard isActive else { return nil }
        guard isKept else { return recordOfOwn() }
        let indices = ledger.indices.filter { isCounted($0, ledger) }
        guard !indices.isEmpty else { return nil }
        var record = RunStatus.StrayFiles(isKept: true)
        let file = { (index: Int) in
            RunStatus.StrayFiles.File(
                path: Self.below(ledger.path(index)), bytes: ledger[index].current.size)
        }
        (record.files, record.bytes, record.largest) = Self.sum(indices.map(file))
        (record.leftFiles, record.leftBytes, record.left) = Self.sum(
            indices.filter(left.contains).map(file))
        return record
    }

    /// By hand: a walk of its own; nil before the code was first looked at.
    private func recordOfOwn() -> RunStatus.StrayFiles? {
        guard let baseline = try? CodeBaseline(reading: baselinePath) else { return nil }
        let files = Self.scan(root).filter {
            !baseline.contains($0.path, CodeBaseline.Version($0.version))
        }
        guard !files.isEmpty else { return nil }
        var record = RunStatus.StrayFiles(isKept: false)
        (record.files, record.bytes, record.largest) = Self.sum(
            files.map { RunStatus.StrayFiles.File(path: $0.path, bytes: $0.version.size) })
        return record
    }

    private static func sum(
        _ files: [RunStatus.StrayFiles.File]
    ) -> (Int, Int64, [RunStatus.StrayFiles.File]) {
        let largest = files.sorted { ($1.bytes, $0.path) < ($0.bytes, $1.path) }
        return (files.count, files.map(\.bytes).byteSum, Array(largest.prefix(mostNamed)))
    }
}

extension CodeBaseline.Version {
    init(_ version: FileVersion) {
        self.init(size: version.size, mtime: version.mtime, inode: version.inode)
    }
}
