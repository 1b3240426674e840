import Shared

/// `--keep_last N`: which checkpoints in the bucket are superseded.
///
/// A checkpoint is a file or a directory below `output/` whose name holds one of the words
/// checkpoint, ckpt, epoch, step, iter or snapshot, and a number. Names that differ in their numbers
/// alone are one series; the shards of one (`-00001-of-00003`) count as one. Of each series the N
/// written last stay, and the N with the highest numbers, since a clock can jump; and so does the
/// best: a name with the word best in it, and what a link with such a name points to, or into. A
/// directory stays or goes as a whole.
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
    /// - Parameter best: what stays in any case, with the checkpoint that it lies in.
    static func superseded(_ files: [File], keeping keep: Int, best: [String]) -> [Int] {
        var series: [String: [String: Member]] = [:]
        for (position, file) in files.enumerated() {
            guard let (path, key, numbers) = checkpoint(of: file.path) else { continue }
            let isNamed = best.contains { isSame(path, orIn: $0) || isSame($0, orIn: path) }
            if isNamed || isBest(path[...]) { continue }
            let name = numbers.joined(separator: "/")
            var member =
                series[key]?[name] ?? Member(numbers: numbers, newest: .min, files: [])
            member.newest = max(member.newest, file.mtime)
            member.files.append(position)
            series[key, default: [:]][name] = member
        }
        return series.values.flatMap { members in
            let all = Array(members.values)
            let written = all.indices.sorted {
                all[$0].newest == all[$1].newest
                    ? isHigher(all[$0], all[$1]) : all[$0].newest > all[$1].newest
            }
            let numbered = all.indices.sorted { isHigher(all[$0], all[$1]) }
            let kept = Set(written.prefix(max(keep, 1)) + numbered.prefix(max(keep, 1)))
            return all.indices.filter { !kept.contains($0) }.flatMap { all[$0].files }
        }.sorted()
    }

    /// Whether a file or checkpoint of this name is to be kept for its name.
    static func isBest(_ name: Substring) -> Bool { name.lowercased().contains("best") }

    private static func isSame(_ path: String, orIn directory: String) -> Bool {
        path == directory || path.utf8.starts(with: "\(directory)/".utf8)
    }

    private static func isHigher(_ one: Member, _ other: Member) -> Bool {
        // Numbers without leading zeros compare by length first.
        for (left, right) in zip(one.numbers, other.numbers) where left != right {
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

    /// Makes `model-00001-of-00004` one with its siblings.
    private static func withoutShard(_ name: String) -> String {
        var runs = runs(of: name)
        var index = 0
        while index + 2 < runs.count {
            if isNumber(runs[index]), runs[index + 1] == "-of-", isNumber(runs[index + 2]) {
                runs.replaceSubrange(index...(index + 2), with: ["shard"])
            }
            index += 1
        }
        return runs.joined()
    }

    private static func pattern(of name: String) -> (pattern: String, numbers: [String]) {
        let runs = runs(of: name)
        let numbers = runs.filter(isNumber).map { String($0.drop { $0 == "0" }) }
        return (runs.map { isNumber($0) ? "#" : $0 }.joined(), numbers)
    }

    /// Runs of digits, and of anything else between them, in order.
    ///
    /// By hand, since the parser of regular expressions would be a tenth of the agent.
    private static func runs(of name: String) -> [Substring] {
        var runs: [Substring] = []
        var rest = name[...]
        while let first = rest.first {
            let isDigit = isDigit(first)
            let run = rest.prefix { Self.isDigit($0) == isDigit }
            runs.append(run)
            rest = rest[run.endIndex...]
        }
        return runs
    }

    private static func isDigit(_ character: Character) -> Bool {
        ("0"..."9").contains(character)
    }

    private static func isNumber(_ run: Substring) -> Bool { run.first.map(isDigit) ?? false }
}
