import Shared

/// Small files that name a checkpoint, and what they may say after a restore: pure.
///
/// A pointer is renamed into place in a moment, the checkpoint that it names takes minutes: the pointer
/// can be in the bucket, and what it names half. Then it names the newest checkpoint that is there.
enum CheckpointPointers {
    /// What becomes of one pointer.
    enum Verdict: Equatable {
        case stays
        case becomes(Data)
        /// It names nothing that is there.
        case goes
    }

    /// In bytes; a pointer has few.
    static let largest: Int64 = 1 << 20
    /// The index of a sharded model names each of its thousands of tensors.
    static let largestIndex: Int64 = 64 << 20

    /// Whether a file of that name can be a pointer.
    static func isPointer(_ path: String, size: Int64) -> Bool {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        if name.hasSuffix(".index.json") { return size <= largestIndex }
        return size <= largest
            && ["latest", "checkpoint", "last_checkpoint", "latest_checkpointed_iteration.txt"]
                .contains(name)
    }

    /// - Parameters:
    ///   - path: of the pointer.
    ///   - siblings: names of what comes back in the pointer's directory.
    static func verdict(
        _ path: String, _ data: Data, siblings: Set<String>
    ) -> Verdict {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        if name.hasSuffix(".index.json") { return index(data, siblings) }
        let text = String(decoding: data, as: UTF8.self)
        if name == "checkpoint" { return tensorFlow(text, siblings) }
        if name == "last_checkpoint" { return file(text, siblings) }
        if name == "latest" { return word(text, siblings) { $0 } }
        return word(text, siblings) {
            "iter_" + String(repeating: "0", count: max(0, 7 - $0.count)) + $0
        }
    }

    /// Hugging Face's: `{"weight_map": {tensor: file}}`.
    private static func index(_ data: Data, _ siblings: Set<String>) -> Verdict {
        struct Index: Decodable {
            var weight_map: [String: String]
        }
        guard let index = try? JSONDecoder().decode(Index.self, from: data) else { return .stays }
        return index.weight_map.values.allSatisfy(siblings.contains) ? .stays : .goes
    }

    /// DeepSpeed's `latest` holds a directory's name, Megatron's file its number.
    private static func word(
        _ text: String, _ siblings: Set<String>, name: (String) -> String
    ) -> Verdict {
        let word = text[...].trimmed
        let target = name(word)
        // Whatever else it is, it names nothing beside itself.
        guard !target.contains("/"),
            let (stem, _) = CheckpointName.trailingNumber(of: target)
        else { return .stays }
        if siblings.contains(target) { return .stays }
        let others = siblings.compactMap { sibling in
            CheckpointName.trailingNumber(of: sibling)
                .flatMap { $0.stem == stem ? (sibling, $0.number) : nil }
        }
        guard let newest = others.max(by: { $0.1 < $1.1 }) else { return .goes }
        return .becomes(Data((target == word ? newest.0 : String(newest.1)).utf8))
    }

    /// fvcore's and OpenMMLab's `last_checkpoint` holds a file's name, or its whole path.
    private static func file(_ text: String, _ siblings: Set<String>) -> Verdict {
        let path = text[...].trimmed
        let name = fileName(of: path)
        if name.isEmpty || siblings.contains(name) { return .stays }
        let series = CheckpointDirectories.withoutNumbers(name)
        guard series.contains("#") else { return .goes }
        let number = { (name: String) in Int(name.filter(\.isNumber).suffix(15)) ?? 0 }
        let newest = siblings.filter { CheckpointDirectories.withoutNumbers($0) == series }
            .max { number($0) < number($1) }
        return newest.map { .becomes(Data((path.dropLast(name.count) + $0).utf8)) } ?? .goes
    }

    /// TensorFlow's `checkpoint`: lines `model_checkpoint_path: "ckpt-12"` and
    /// `all_model_checkpoint_paths: "ckpt-11"`, oldest first; a path is the beginning of its files'.
    private static func tensorFlow(_ text: String, _ siblings: Set<String>) -> Verdict {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let isThere = { (line: String) in
            guard let path = value(line) else { return true }
            // An absolute path counts by its last part: the directory may be another one now.
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return siblings.contains("\(name).index")
        }
        guard let current = lines.first(where: { $0.hasPrefix("model_checkpoint_path:") }),
            value(current) != nil
        else { return .stays }
        let all = lines.filter { $0.hasPrefix("all_model_checkpoint_paths:") }
        if isThere(current), all.allSatisfy(isThere) { return .stays }
        let path = isThere(current) ? value(current) : all.last(where: isThere).flatMap(value)
        guard let path else { return .goes }
        let kept = lines.filter { line in
            !line.hasPrefix("all_model_checkpoint_paths:") || isThere(line)
        }.map { $0.hasPrefix("model_checkpoint_path:") ? "model_checkpoint_path: \"\(path)\"" : $0 }
        return .becomes(Data(kept.joined(separator: "\n").utf8))
    }

    private static func value(_ line: String) -> String? {
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.count == 3 ? String(parts[1]) : nil
    }
}
