import Shared

/// Stages files that are replaced more often than we scan: each has a new inode every time.
///
/// The inode that is there now is held open and looked at again a moment later, whatever its name
/// has become by then: closed both times and unchanged, it is whole.
struct SecondLook {
    let context: SyncContext
    private let writers = WriterDetector()

    /// How many inodes are held open at once.
    private static let mostHeld = 64
    private static let betweenLooks: Duration = .milliseconds(500)

    init(context: SyncContext) { self.context = context }

    /// - Returns: how many were still being written to, or not looked at; and the others that could
    ///   not be staged, with the reason.
    func stage(
        _ uploads: [PendingUpload], into tree: inout StagedTree
    ) async -> (left: Int, failed: [(PendingUpload, Snapshotter.SnapshotError)]) {
        var failed: [(PendingUpload, Snapshotter.SnapshotError)] = []
        var held: [(upload: PendingUpload, descriptor: Int32, stamp: FileVersion)] = []
        defer { held.forEach { close($0.descriptor) } }
        // The file that has waited longest comes first, so that none is passed over for ever.
        for upload in uploads.sorted(by: { $0.pendingSince < $1.pendingSince })
            .prefix(Self.mostHeld)
        {
            do {
                let descriptor = try Snapshotter.open(
                    context.trees.source(of: upload.path), followingLink: upload.isLink)
                var information = stat()
                // What is there now, which may be younger than the scan.
                fstat(descriptor, &information)
                held.append((upload, descriptor, FileVersion(information)))
            } catch {
                failed.append((upload, error))
            }
        }
        var left = max(0, uploads.count - Self.mostHeld)
        guard !held.isEmpty else { return (left, failed) }
        let wasOpen = held.map { writers.isWritable($0.descriptor) }
        let isOrphaned = context.trainer.isTrainerGone
        try? await context.clock.sleep(for: Self.betweenLooks)
        for ((upload, descriptor, stamp), wasOpen) in zip(held, wasOpen) {
            guard !isOrphaned, !wasOpen, !writers.isWritable(descriptor) else {
                left += 1
                continue
            }
            do throws(Snapshotter.SnapshotError) {
                guard StagingPlace.hasRoom(for: stamp.size, at: context.place.directory) else {
                    throw .diskFull
                }
                _ = try tree.add(
                    upload.path, from: descriptor, named: context.trees.source(of: upload.path),
                    origin: upload.path, extent: .whole, expected: stamp, byLink: false)
            } catch {
                failed.append((upload, error))
            }
        }
        return (left, failed)
    }
}
