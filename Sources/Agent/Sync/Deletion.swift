import Shared

// The only code that deletes in a bucket: for `--mirror` and `--keep_last`.

extension SyncEngine {
    /// Marks what is to be deleted. The manifest stops naming it first; only then it is deleted.
    func markDoomed(after report: Scanner.Report, waiting: Int) {
        var doomed: [Int] = []
        // An empty tree is more often a lost disk than a wish (TPI emptied buckets by it).
        if job.sync.mirror, report.isComplete, report.files > 0 { doomed += goneFiles() }
        if let keep = job.sync.keepLast, waiting == 0 { doomed += retire(keeping: keep) }
        guard !doomed.isEmpty else { return }
        for index in doomed { table[index].flags.insert(.doomed) }
        isManifestBehind = true
        remember(doomed.map { .doomed(table.path($0)) })
    }

    /// Uploaded files that two scans did not see: one may have walked past a rename.
    private func goneFiles() -> [Int] {
        guard scanNumber >= 2 else { return [] }
        return table.records.indices.filter { index in
            let file = table[index]
            return file.up != nil && file.seen < scanNumber - 1
                && file.flags.isDisjoint(with: [.doomed, .retired])
                && !record.partialFiles.contains(table.path(index))
        }
    }

    /// Files of checkpoints that are older than the newest `keep` of their series.
    private func retire(keeping keep: Int) -> [Int] {
        let present = table.records.indices.filter { index in
            table[index].up != nil && !table[index].flags.contains(.log)
                && table[index].flags.isDisjoint(with: [.doomed, .retired])
        }
        let files = present.map { index in
            Retention.File(path: table.path(index), mtime: table[index].up?.stamp.mtime ?? 0)
        }
        guard !Retention.superseded(files, keeping: keep, best: []).isEmpty else { return [] }
        let retired = Retention.superseded(files, keeping: keep, best: bestTargets())
        let indexes = retired.map { present[$0] }
        for index in indexes { table[index].flags.insert(.retired) }
        remember(indexes.map { .retired(table.path($0), table[$0].current) })
        return indexes
    }

    /// What links called best point to, wherever below `output/` they are, as paths of objects.
    private func bestTargets() -> [String] {
        guard let root = realPath(job.directories.output) else { return [] }
        return table.records.indices.compactMap { index in
            let isLink = !table[index].flags.isDisjoint(with: [.link, .special])
            guard isLink, table[index].seen == scanNumber else { return nil }
            let path = table.path(index)
            guard path.utf8.starts(with: "\(BucketLayout.output)/".utf8),
                Retention.isBest(path.split(separator: "/").last ?? ""),
                let target = realPath(source(of: path)), target.utf8.starts(with: "\(root)/".utf8)
            else { return nil }
            return BucketLayout.output + target.dropFirst(root.count)
        }
    }

    /// Deletes what is marked, once the bucket's manifest no longer names it.
    func deleteDoomed() async throws {
        guard let client, !isManifestBehind else { return }
        let doomed = table.records.indices.filter { table[$0].flags.contains(.doomed) }
        guard !doomed.isEmpty else { return }
        let paths = doomed.map { table.path($0) }
        try await client.delete(paths)
        forgetDeleted(doomed)
        event(.sync, "deleted \(paths.count) objects", ["files": .integer(Int64(paths.count))])
    }

    /// Notes that these are no longer in the bucket.
    func forgetDeleted(_ indexes: [Int]) {
        for index in indexes {
            table[index].flags.remove(.doomed)
            table[index].up = nil
        }
        remember(indexes.map { .deleted(table.path($0)) })
    }
}
