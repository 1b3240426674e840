/// Which files of an earlier machine come back, and which stay in the bucket alone: pure.
///
/// A training resumes from the checkpoint with the highest number, or from the one that a file
/// names as the newest. That checkpoint must be whole: with one shard missing the training ends
/// with an error although good older checkpoints are there. What does not come back is still in the
/// bucket, and is named.
package struct RestorePlan {
    /// Indexes of the files that come back, in the order of the manifest.
    package private(set) var kept: [Int] = []
    /// A sentence for each file or directory that does not.
    package private(set) var heldBack: [String] = []

    private let paths: [String]

    /// - Parameter paths: of the manifest's files, such as `output/checkpoint-5/model.bin`.
    package init(_ paths: [String]) {
        self.paths = paths
        let partial = Set(paths.indices.filter { Self.isPartial(paths[$0]) })
        let others = paths.indices.filter { !partial.contains($0) }
        let directories = CheckpointDirectories(others.map { paths[$0] })
        let torn = directories.torn(by: partial.map { paths[$0] })
        let short = directories.incomplete(without: Set(torn.keys))
        let temporary = directories.renamedTemporaries
        let reasons = torn.merging(short) { first, _ in first }
            .merging(temporary) { first, _ in first }
        for index in paths.indices {
            if partial.contains(index) { continue }
            if !reasons.isEmpty,
                reasons.keys.contains(where: { Self.holds($0, paths[index]) })
            {
                continue
            }
            kept.append(index)
        }
        for directory in reasons.keys.sorted() {
            heldBack.append("\(quoted(directory)) \(reasons[directory] ?? "")")
        }
        let loose = partial.map { paths[$0] }.filter { path in
            !reasons.keys.contains { Self.holds($0, path) }
        }
        for path in loose.sorted() { heldBack.append("\(quoted(path)) is half-written") }
    }

    private static func holds(_ directory: String, _ path: String) -> Bool {
        path.utf8.starts(with: "\(directory)/".utf8)
    }

    /// `NAME.partial`, or `NAME.partial.2` where the trainer had a file of the former name.
    package static func isPartial(_ path: String) -> Bool {
        if path.hasSuffix(BucketLayout.partialSuffix) { return true }
        let digits = path.reversed().prefix { $0.isASCII && $0.isNumber }.count
        guard digits > 0 else { return false }
        return path.dropLast(digits).hasSuffix(BucketLayout.partialSuffix + ".")
    }
}

/// The directories below `output/` that hold one checkpoint each, as their names and files tell.
package struct CheckpointDirectories {
    /// A directory with a number in its name, such as `checkpoint-500` or `epoch=3-step=900`.
    struct Numbered {
        var path: String
        var number: Int64
        /// How often each name is in it, numbers in names left out.
        var names: [String: Int] = [:]
    }

    /// By what they have in common: the parent, and the name without its number.
    private var families: [String: [Numbered]] = [:]
    private var all: Set<String> = []

    init(_ paths: [String]) {
        var found: [String: Numbered] = [:]
        for path in paths {
            let parts = path.split(separator: "/").map(String.init)
            for count in 2..<max(2, parts.count) {
                all.insert(parts.prefix(count).joined(separator: "/"))
            }
            guard let name = CheckpointName(directoryOf: path) else { continue }
            let rest = path.utf8.dropFirst(name.unit.utf8.count + 1)
            let kind = Self.withoutNumbers(String(decoding: rest, as: UTF8.self))
            var entry = found[name.unit] ?? Numbered(path: name.unit, number: name.number)
            entry.names[kind, default: 0] += 1
            found[name.unit] = entry
        }
        for entry in found.values {
            families[Self.withoutNumbers(entry.path), default: []].append(entry)
        }
    }

    package static func withoutNumbers(_ text: String) -> String {
        var short = ""
        for character in text {
            if !(character.isASCII && character.isNumber) {
                short.append(character)
            } else if short.last != "#" {
                short.append("#")
            }
        }
        return short
    }

    /// Directories in which a file was being written when its writer died, and the reason.
    func torn(by partial: [String]) -> [String: String] {
        var torn: [String: String] = [:]
        for path in partial {
            guard let name = CheckpointName(directoryOf: path) else { continue }
            torn[name.unit] = "was being written: \(quoted(fileName(of: path))) is half-written"
        }
        return torn
    }

    /// The newest directories of a family, as far as they lack what every elder one has: a training
    /// that died between two files of a checkpoint left no half-written one.
    ///
    /// Older ones do not matter, since nobody resumes from them; and a training that goes on with
    /// fewer processes writes fewer files from some checkpoint on.
    func incomplete(without torn: Set<String>) -> [String: String] {
        var short: [String: String] = [:]
        for family in families.values {
            let whole = family.filter { !torn.contains($0.path) }.sorted { $0.number < $1.number }
            for end in whole.indices.reversed() {
                guard let missing = Self.missing(from: whole[end], elders: whole[..<end]) else {
                    break
                }
                short[whole[end].path] =
                    "lacks what all before it have, such as \(quoted(missing))"
            }
        }
        return short
    }

    /// A name that all of `elders` have more often than `entry`.
    private static func missing(from entry: Numbered, elders: ArraySlice<Numbered>) -> String? {
        guard let first = elders.first else { return nil }
        return first.names.keys.sorted().first { name in
            let least = elders.map { $0.names[name, default: 0] }.min() ?? 0
            return entry.names[name, default: 0] < least
        }
    }

    /// What was written under another name first, and renamed: `tmp-checkpoint-500` where there is
    /// `checkpoint-500` too. The bucket keeps what went up before the rename.
    var renamedTemporaries: [String: String] {
        var found: [String: String] = [:]
        for path in all {
            let parent = parentDirectory(path)
            let name = fileName(of: path)
            let final = CheckpointName.withoutTemporaryMark(name)
            guard final != name, !final.isEmpty, all.contains("\(parent)/\(final)") else {
                continue
            }
            found[path] = "was renamed to \(quoted(final))"
        }
        return found
    }

    /// Whether a file lies in the temporary directory of a checkpoint, which its writer renames once it is
    /// whole: `output/5.orbax-checkpoint-tmp-17/d/0`, `output/tmp-checkpoint-500/model.bin`.
    ///
    /// Other names with such a mark (`tmp_10`) may be somebody's last ones.
    package static func isUnfinished(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard parts.count > 2 else { return false }
        return parts[1..<(parts.count - 1)].contains { part in
            let name = String(part)
            let final = CheckpointName.withoutTemporaryMark(name)
            guard final != name else { return false }
            if name.contains(CheckpointName.orbaxMark) { return true }
            let count = CheckpointName(directoryOf: "\(BucketLayout.output)/\(final)/x")?.count
            return count == .steps || count == .epochs
        }
    }
}
