import Shared

/// `--keep_last N`: which checkpoints in the bucket are superseded.
///
/// A checkpoint is a file or a directory below `output/` whose name holds one of the words
/// checkpoint, ckpt, epoch, step, iter or snapshot, and a number. Names that differ in their numbers
/// alone are one series; the shards of one (`-00001-of-00003`) count as one. Of each series the N
/// written last stay, and so does the best: a name with the word best in it, and what a link with
/// such a name points to. A directory stays or goes as a whole.
enum Retention {
    struct File {
        var path: String
        var mtime: Int64
    }

    private static let words = ["checkpoint", "ckpt", "epoch", "step", "iter", "snapshot"]

    private struct Member {
        var numbers: [String]
        var newest: Int64
        var files: [Int]
    }

    /// The indexes of the files that may go.
    ///
    /// - Parameter best: paths of checkpoints that stay in any case.
    static func superseded(_ files: [File], keeping keep: Int, best: Set<String>) -> [Int] {
        var series: [String: [String: Member]] = [:]
        for (position, file) in files.enumerated() {
            guard let (path, key, numbers) = checkpoint(of: file.path) else { continue }
            if path.lowercased().contains("best") || best.contains(path) { continue }
            let name = numbers.joined(separator: "/")
            var member =
                series[key]?[name] ?? Member(numbers: numbers, newest: .min, files: [])
            member.newest = max(member.newest, file.mtime)
            member.files.append(position)
            series[key, default: [:]][name] = member
        }
        return series.values.flatMap { members in
            members.values.sorted { isNewer($0, $1) }.dropFirst(max(keep, 1)).flatMap(\.files)
        }.sorted()
    }

    private static func isNewer(_ one: Member, _ other: Member) -> Bool {
        if one.newest != other.newest { return one.newest > other.newest }
        // Numbers without leading zeros compare by length first.
        let pairs = zip(one.numbers, other.numbers)
        for (left, right) in pairs where left != right {
            return left.count == right.count ? left > right : left.count > right.count
        }
        return false
    }

    /// The outermost part of `path` that is a checkpoint, its series, and its numbers.
    private static func checkpoint(
        of path: String
    ) -> (path: String, series: String, numbers: [String])? {
        let parts = path.split(separator: "/")
        for index in parts.indices.dropFirst() {
            let name = parts[index].lowercased()
            guard words.contains(where: { name.contains($0) }) else { continue }
            let (pattern, numbers) = pattern(of: withoutShard(String(parts[index])))
            guard !numbers.isEmpty else { continue }
            let parent = parts[..<index].joined(separator: "/")
            return (parent + "/" + parts[index], parent + "/" + pattern, numbers)
        }
        return nil
    }

    private static func withoutShard(_ name: String) -> String {
        name.replacing(/[0-9]+-of-[0-9]+/, with: "shard")
    }

    private static func pattern(of name: String) -> (pattern: String, numbers: [String]) {
        var numbers: [String] = []
        let pattern = name.replacing(/[0-9]+/) { match in
            let digits = match.output.drop { $0 == "0" }
            numbers.append(String(digits))
            return "#"
        }
        return (pattern, numbers)
    }

    /// What links called best point to, as paths of objects.
    static func bestTargets(below output: String) -> Set<String> {
        guard let root = realPath(output),
            let names = try? FileManager.default.contentsOfDirectory(atPath: output)
        else { return [] }
        let targets = names.filter { $0.lowercased().contains("best") }
            .compactMap { realPath("\(output)/\($0)") }
            .filter { $0.utf8.starts(with: "\(root)/".utf8) }
        return Set(targets.map { BucketLayout.output + $0.dropFirst(root.count) })
    }
}
