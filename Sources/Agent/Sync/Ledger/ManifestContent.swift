import Shared

extension UploadLedger {
    /// The files that the next manifest names, sorted by path.
    private func namedFiles() -> [Int] {
        indices.filter { isUp($0) && !flags($0).contains(.pendingDeletion) }
            .sorted { isOrdered($0, $1) }
    }

    /// The text of the next manifest, and what it names.
    func nextManifest(final: Bool, createdAt: Date) -> NextManifest {
        let files = namedFiles()
        let removed = removed(of: files, isLast: final)
        var next = NextManifest(generation: manifest.nextGeneration, gone: removed.count)
        var text = ManifestText(
            generation: next.generation, createdAt: createdAt, final: final, files: files.count)
        for index in files {
            guard let up = self[index].up else { continue }
            if !flags(index).contains(.stray) {
                next.files += 1
                next.bytes += up.size
            }
            text.add(
                path(index), size: up.size, mtime: up.stamp.mtime, crc32c: up.crc32c,
                isGone: removed.contains(index))
        }
        next.text = text.finish(
            emptyDirectories: manifest.emptyDirectories, links: manifest.links)
        return next
    }

    /// How many files the trainer has removed, or renamed to another name, of those that are up.
    var goneCount: Int { removed(of: indices.filter { isUp($0) }, isLast: false).count }

    /// Whether the last walk missed a file that is up, and the one before did not.
    var hasVanished: Bool { indices.contains { isUp($0) && !isPresent($0) && !isGone($0) } }

    /// Which of `files` the trainer has removed. Logs come back in any case. Where a tree has no
    /// file left, none counts as removed: a lost disk is more likely than a trainer that wants
    /// this.
    ///
    /// - Parameter isLast: the trainer is over, so that no rename can have hidden a file from the walk.
    private func removed(of files: [Int], isLast: Bool) -> Set<Int> {
        var removed: [Int] = []
        var (holdsOutput, holdsStray) = (false, false)
        for index in files {
            if isLast ? !isPresent(index) : isGone(index) {
                removed.append(index)
            } else if flags(index).contains(.stray) {
                holdsStray = true
            } else if !holdsOutput {
                // A string for each file would cost more than the walk.
                holdsOutput = isBelow(BucketLayout.output, index)
            }
        }
        return Set(
            removed.filter { index in
                // Half-written files have no other name on the machine.
                if RestorePlan.isPartial(path(index)) { return false }
                if flags(index).contains(.stray) { return holdsStray }
                return holdsOutput && isBelow(BucketLayout.output, index)
            })
    }

    private func isBelow(_ tree: String, _ index: Int) -> Bool {
        path(index).utf8.starts(with: "\(tree)/".utf8)
    }

    /// What the bucket must list, for a comparison.
    func expectedObjects() -> [Manifest.Entry] {
        namedFiles().compactMap { index in
            self[index].up.map { up in
                Manifest.Entry(
                    path: path(index), size: up.size, mtime: up.stamp.mtime, crc32c: up.crc32c)
            }
        }
    }

    /// What the last scan saw and the bucket lacks.
    func unsentPaths() -> [String] {
        indices.filter { isPresent($0) && self[$0].isPending && !hasPartial($0) }.map { path($0) }
    }

    /// The logs that the last scan saw and that were written last.
    func recentLogs() -> [Int] {
        let logs = indices.filter { flags($0).contains(.log) && isPresent($0) }
        // The others wait for a walk.
        return Array(logs.sorted { self[$0].current.mtime > self[$1].current.mtime }.prefix(1000))
    }
}

/// A manifest to write.
struct NextManifest {
    var text = Data()
    var generation: Int
    /// Without those below `stray/`: launchers of former versions compare this with what they know.
    var files = 0
    var bytes: Int64 = 0
    /// Of all it names, those that the trainer has removed.
    var gone: Int
}
