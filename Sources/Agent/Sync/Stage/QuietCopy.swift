import CPosix
import Shared

/// Copies a file that is rewritten in place again and again, at a moment at which nobody has it
/// open, and keeps it closed until it is copied.
struct QuietCopy {
    private let context: SyncContext
    private let writers = WriterDetector()
    /// How long this sync may still wait for such files to be closed.
    private var patience = Self.patienceForAll

    /// How long one sync waits for one file to be closed, and for all of them.
    private static let patienceForOne: Duration = .seconds(3)
    private static let patienceForAll: Duration = .seconds(6)
    private static let shortestPatience: Duration = .milliseconds(200)
    private static let longestLease: Duration = .seconds(40)

    init(context: SyncContext) { self.context = context }

    /// A new sync has all its time.
    mutating func beginPass() { patience = Self.patienceForAll }

    /// Waits for the moment, and stages the copy.
    ///
    /// A process that opens the file for writing meanwhile waits in the kernel (a read lease,
    /// fcntl(2)): otherwise a large file might never rest for as long as its copy takes. Where
    /// there are no leases, the file must be closed before and after the copy and the same by
    /// stat(2) at both moments.
    ///
    /// - Throws: `moved` where there was no such moment.
    mutating func stage(
        _ upload: PendingUpload, from source: String, into tree: inout StagedTree
    ) async throws(Snapshotter.SnapshotError) {
        let start = context.stopwatch.elapsed
        defer { patience -= context.stopwatch.elapsed - start }
        // At least a few looks for each, whatever those before it have taken.
        try await stage(
            upload, from: source, into: &tree,
            within: max(Self.shortestPatience, min(Self.patienceForOne, patience)))
    }

    /// The same, apart from the time that one sync has.
    ///
    /// - Parameter isFit: what must be known of the version besides.
    func stage(
        _ upload: PendingUpload, from source: String, into tree: inout StagedTree,
        within limit: Duration,
        if isFit: (WriterDetector.Identity, FileVersion) -> Bool = { _, _ in true }
    ) async throws(Snapshotter.SnapshotError) {
        let start = context.stopwatch.elapsed
        var quiet: FileVersion?
        while context.stopwatch.elapsed - start < limit, !Task.isCancelled {
            let descriptor = try Snapshotter.open(source, followingLink: upload.isLink)
            defer { close(descriptor) }
            var information = stat()
            fstat(descriptor, &information)
            let current = FileVersion(information)
            if writers.isWritable(descriptor) || context.trainer.isTrainerGone
                || !isFit(WriterDetector.Identity(information), current)
            {
                quiet = nil
            } else if quiet == current {
                // Closed and the same at two moments, so its time is not of this very tick of the
                // kernel's clock: any write from now on shows.
                do {
                    if try copy(upload, descriptor, named: source, current, into: &tree) { return }
                    tree.remove(upload.path)
                } catch .moved {
                    // Opened meanwhile: wait for the next moment.
                }
                quiet = nil
            } else {
                quiet = current
            }
            try? await context.clock.sleep(for: .milliseconds(15))
        }
        throw .moved
    }

    /// - Returns: whether nobody can have written to the file while it was copied.
    private func copy(
        _ upload: PendingUpload, _ descriptor: Int32, named source: String, _ version: FileVersion,
        into tree: inout StagedTree
    ) throws(Snapshotter.SnapshotError) -> Bool {
        let start = context.stopwatch.elapsed
        let lease = cposix_take_lease(descriptor)
        if lease == 1 { return false }
        defer { if lease == 0 { cposix_end_lease(descriptor) } }
        _ = try tree.add(
            upload.path, from: descriptor, named: source, origin: upload.path, extent: .whole,
            expected: version, byLink: false, isKeptClosed: lease == 0)
        // The kernel lets the writer in after `lease-break-time`, 45 s where nobody set another.
        return lease == 0
            ? context.stopwatch.elapsed - start < Self.longestLease
            : !writers.isWritable(descriptor)
    }
}
