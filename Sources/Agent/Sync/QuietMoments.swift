import CPosix
import Shared

// Files that never rest from one scan to the next.

extension SyncEngine {
    /// How many inodes a second look holds open at once.
    private static let mostHeld = 64
    private static let betweenLooks: Duration = .milliseconds(500)
    /// How long one sync waits for one restless file to be closed, and for all of them.
    private static let patience: Duration = .seconds(3)
    static let patienceForAll: Duration = .seconds(6)
    private static let shortestPatience: Duration = .milliseconds(200)
    private static let longestLease: Duration = .seconds(40)

    /// Files that are replaced more often than we scan: each has a new inode every time. The one
    /// that is there now is held open and looked at again a moment later, whatever its name has
    /// become by then: closed both times and unchanged, it is whole.
    func freezeAfterSecondLook(
        _ jobs: [SyncJob], _ batch: inout Batch, _ moved: inout Moved
    ) async {
        var held: [(job: SyncJob, descriptor: Int32, stamp: Stamp)] = []
        defer { held.forEach { close($0.descriptor) } }
        // Who has waited longest comes first, so that nobody is passed over for ever.
        let waiting = jobs.sorted {
            (table[$0.index].pendingSince ?? .zero) < (table[$1.index].pendingSince ?? .zero)
        }
        for job in waiting.prefix(Self.mostHeld) {
            do {
                let descriptor = try Freezer.open(
                    source(of: job.path), followingLink: job.isLink)
                var information = stat()
                // What is there now, which may be younger than the scan.
                fstat(descriptor, &information)
                held.append((job, descriptor, Stamp(information)))
            } catch {
                note(error, job, &moved)
            }
        }
        moved.left += jobs.count - min(jobs.count, Self.mostHeld)
        guard !held.isEmpty else { return }
        let wasOpen = held.map { openFiles.isWritable($0.descriptor) }
        let isOrphaned = isTrainerGone
        try? await clock.sleep(for: Self.betweenLooks)
        for ((job, descriptor, stamp), wasOpen) in zip(held, wasOpen) {
            guard !isOrphaned, !wasOpen, !openFiles.isWritable(descriptor) else {
                moved.left += 1
                continue
            }
            do {
                guard StagingPlace.hasRoom(for: stamp.size, at: place.directory) else {
                    throw Freezer.Obstacle.diskFull
                }
                _ = try batch.add(
                    job.path, from: descriptor, named: source(of: job.path), origin: job.path,
                    extent: .whole, expected: stamp, byLink: false)
            } catch let obstacle as Freezer.Obstacle {
                note(obstacle, job, &moved)
            } catch {
                moved.left += 1
            }
        }
    }

    /// Copies a file that is rewritten in place again and again, at a moment at which nobody has it
    /// open, and keeps it closed until it is copied.
    ///
    /// Who opens it for writing meanwhile waits in the kernel (a read lease, fcntl(2)): a large file
    /// would else never rest for as long as its copy takes. Where there are no leases: not open
    /// before, not open after, and the same by stat(2) in between.
    func freezeAtQuietMoment(
        _ job: SyncJob, into batch: inout Batch
    ) async throws(Freezer.Obstacle) {
        let start = watch.elapsed
        // At least a few looks for each, whatever those before it have taken.
        let patience = max(Self.shortestPatience, min(Self.patience, patienceLeft))
        defer { patienceLeft -= watch.elapsed - start }
        var quiet: Stamp?
        while watch.elapsed - start < patience, !Task.isCancelled {
            let source = source(of: job.path)
            let descriptor = try Freezer.open(source, followingLink: job.isLink)
            defer { close(descriptor) }
            var information = stat()
            fstat(descriptor, &information)
            let current = Stamp(information)
            if openFiles.isWritable(descriptor) || isTrainerGone {
                quiet = nil
            } else if quiet == current {
                // Closed and the same at two moments, so its time is not of this very tick of the
                // kernel's clock: any write from now on shows.
                do {
                    if try keepingClosed(
                        descriptor,
                        { () throws(Freezer.Obstacle) in
                            _ = try batch.add(
                                job.path, from: descriptor, named: source, origin: job.path,
                                extent: .whole, expected: current, byLink: false)
                        })
                    {
                        return
                    }
                    batch.remove(job.path)
                } catch .moved {
                    // Opened meanwhile: wait for the next moment.
                }
                quiet = nil
            } else {
                quiet = current
            }
            try? await clock.sleep(for: .milliseconds(15))
        }
        throw .moved
    }

    /// - Returns: whether nobody can have written to the file while `body` ran.
    private func keepingClosed(
        _ descriptor: Int32, _ body: () throws(Freezer.Obstacle) -> Void
    ) throws(Freezer.Obstacle) -> Bool {
        let start = watch.elapsed
        switch cposix_take_lease(descriptor) {
        case 0:
            defer { cposix_end_lease(descriptor) }
            try body()
            // The kernel lets the writer in after `lease-break-time`, 45 s where nobody set another.
            return watch.elapsed - start < Self.longestLease
        case 1:
            return false
        default:
            try body()
            return !openFiles.isWritable(descriptor)
        }
    }
}
