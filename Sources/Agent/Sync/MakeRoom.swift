import Shared

// A name that was a file and is a directory now, or the other way round.

extension SyncEngine {
    /// Takes out of the bucket what no directory can hold beside what is to go up: `a` beside `a/b`.
    ///
    /// A bucket holds both, but neither restore nor `finish` could bring both back, and a directory
    /// that serves as a bucket could not even take the second. The trainer itself has put the one in
    /// the other's place. The manifest stops naming what goes first, as for every deletion.
    ///
    /// - Throws: the store's `Failure`; the next sync tries again, before it sends anything.
    func makeRoom(for jobs: [SyncJob]) async throws {
        let new = jobs.filter { table[$0.index].up == nil }
        guard let client, !new.isEmpty else { return }
        try await lookForUnknown()
        let paths = inTheWay(of: new)
        guard !paths.isEmpty else { return }
        for path in paths { carried?.remove(path) }
        let up = paths.compactMap { table.existing($0) }.filter { table[$0].up != nil }
        let fresh = up.filter { !table[$0].flags.contains(.doomed) }
        if !fresh.isEmpty {
            for index in fresh { table[index].flags.insert(.doomed) }
            isManifestBehind = true
            remember(fresh.map { .doomed(table.path($0)) })
        }
        if !up.isEmpty, isManifestBehind { try await writeManifest(final: false) }
        try await client.delete(paths)
        forgetDeleted(up)
        for path in paths { perhapsUp.remove(PathKey(path)) }
        record.partialFiles.removeAll { paths.contains($0) }
        for index in up {
            event(
                .warning,
                "deleted \(quoted(table.path(index))) in the bucket: its name is taken by "
                    + "what is new on the machine", nil)
        }
    }

    /// Notes what is in the bucket without our knowing, once in this process's life.
    ///
    /// An agent that died, here or on a machine that is gone, may have brought up what no manifest
    /// names.
    func lookForUnknown() async throws {
        guard let client, !knowsBucket else { return }
        noteUnknown(in: try await client.list())
    }

    /// Takes a whole listing of the bucket, whoever asked for it.
    func noteUnknown(in listing: [StoredObject]) {
        let trees = [BucketLayout.output, BucketLayout.logs].map { Array("\($0)/".utf8) }
        for object in listing {
            let path = object.path
            guard trees.contains(where: { path.utf8.starts(with: $0) }),
                ManifestPath.objection(to: path) == nil,
                table.existing(path).flatMap({ table[$0].up }) == nil
            else { continue }
            perhapsUp.insert(PathKey(path))
        }
        knowsBucket = true
    }

    /// Objects above or below the names of new files, which the last scan did not see.
    private func inTheWay(of new: [SyncJob]) -> [String] {
        var unsure = perhapsUp
        for item in carried?.items.values ?? [:].values where item.origin != nil {
            unsure.insert(PathKey(item.path))
        }
        let names = Set(new.map { PathKey($0.path) })
        let above = new.reduce(into: Set<PathKey>()) { $0.formUnion(directories(above: $1.path)) }
        let gone = table.records.indices
            .filter { table[$0].up != nil && table[$0].seen != scanNumber }
            .map { PathKey(table.path($0)) }
        let absent = unsure.filter { key in
            table.existing(key.path).map { table[$0].seen != scanNumber } ?? true
        }
        return Set(gone).union(absent).filter { key in
            above.contains(key) || !names.isDisjoint(with: directories(above: key.path))
        }.map(\.path).sorted()
    }

    private func directories(above path: String) -> [PathKey] {
        var found: [PathKey] = []
        var directory = parentDirectory(path)
        while directory.contains("/") {
            found.append(PathKey(directory))
            directory = parentDirectory(directory)
        }
        return found
    }
}
