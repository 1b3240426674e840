import Shared

// Files that never rest from one scan to the next.

extension SyncEngine {
    /// How many inodes a second look holds open at once.
    private static let mostHeld = 64
    private static let betweenLooks: Duration = .milliseconds(500)
    /// How long one sync waits for one restless file to be closed.
    private static let patience: Duration = .seconds(3)

    /// Files that are replaced more often than we scan: each has a new inode every time. The one
    /// that is there now is held open and looked at again a moment later, whatever its name has
    /// become by then: closed both times and unchanged, it is whole.
    func freezeAfterSecondLook(
        _ jobs: [SyncJob], _ batch: inout Batch, _ moved: inout Moved
    ) async {
        var held: [(job: SyncJob, descriptor: Int32, stamp: Stamp)] = []
        defer { held.forEach { close($0.descriptor) } }
        for job in jobs.prefix(Self.mostHeld) {
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
        try? await clock.sleep(for: Self.betweenLooks)
        for ((job, descriptor, stamp), wasOpen) in zip(held, wasOpen) {
            guard !wasOpen, !openFiles.isWritable(descriptor) else {
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
    /// open: not open before, not open after, and the same by stat(2) in between.
    func freezeAtQuietMoment(
        _ job: SyncJob, into batch: inout Batch
    ) async throws(Freezer.Obstacle) {
        let start = watch.elapsed
        var quiet: Stamp?
        while watch.elapsed - start < Self.patience, !Task.isCancelled {
            let source = source(of: job.path)
            let descriptor = try Freezer.open(source, followingLink: job.isLink)
            defer { close(descriptor) }
            var information = stat()
            fstat(descriptor, &information)
            let current = Stamp(information)
            if openFiles.isWritable(descriptor) {
                quiet = nil
            } else if quiet == current {
                // Closed and the same at two moments, so its time is not of this very tick of the
                // kernel's clock: any write from now on shows.
                do {
                    _ = try batch.add(
                        job.path, from: descriptor, named: source, origin: job.path,
                        extent: .whole, expected: current, byLink: false)
                    if !openFiles.isWritable(descriptor) { return }
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
}
