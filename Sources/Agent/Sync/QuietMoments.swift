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
        var held: [(job: SyncJob, descriptor: Int32)] = []
        for job in jobs.prefix(Self.mostHeld) {
            do {
                let source = source(of: job.path)
                held.append((job, try Freezer.open(source, followingLink: job.isLink)))
            } catch {
                note(error, job, &moved)
            }
        }
        moved.left += jobs.count - min(jobs.count, Self.mostHeld)
        guard !held.isEmpty else { return }
        defer { held.forEach { close($0.descriptor) } }
        try? await clock.sleep(for: Self.betweenLooks)
        let writable = openFiles.writable(among: Set(held.map(\.job.identity)))
        for (job, descriptor) in held {
            guard !writable.contains(job.identity) else {
                moved.left += 1
                continue
            }
            do {
                guard StagingPlace.hasRoom(for: job.stamp.size, at: place.directory) else {
                    throw Freezer.Obstacle.diskFull
                }
                _ = try batch.add(
                    job.path, from: descriptor, named: source(of: job.path), origin: job.path,
                    extent: .whole, expected: job.stamp, byLink: false)
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
            var information = stat()
            guard stat(source, &information) == 0 else { throw .vanished }
            var candidate = job
            candidate.stamp = Stamp(information)
            candidate.device = UInt64(information.st_dev)
            if isOpen(candidate) {
                quiet = nil
            } else if quiet == candidate.stamp {
                // Closed and the same at two moments, so its time is not of this very tick of the
                // kernel's clock: any write from now on shows.
                do {
                    try freeze(candidate, as: job.path, .whole, byLink: false, into: &batch)
                    if !isOpen(candidate) { return }
                    batch.remove(job.path)
                } catch .moved {
                    // Opened meanwhile: wait for the next moment.
                }
                quiet = nil
            } else {
                quiet = candidate.stamp
            }
            try? await clock.sleep(for: .milliseconds(15))
        }
        throw .moved
    }

    private func isOpen(_ job: SyncJob) -> Bool {
        !openFiles.writable(among: [job.identity]).isEmpty
    }
}
