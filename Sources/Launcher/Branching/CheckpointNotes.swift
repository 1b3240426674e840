import Shared

/// `logs/checkpoints.jsonl`: which step a file of `torch.save` belongs to, by its size and its last
/// bytes, as `python/ai_training_utils/_checkpoint_notes.py` writes it.
struct CheckpointNotes: Sendable {
    static let path = "\(BucketLayout.logs)/checkpoints.jsonl"
    static let largest = 64 << 20
    /// What of a file's end goes into its digest, in bytes.
    private static let tail: Int64 = 1 << 16
    /// Each look is a process where the files are in a cloud.
    private static let mostRemoteLooks = 20
    private static let mostLooks = 5000

    private let steps: [String: Int]
    /// Digests that were noted at several steps: what did not change between two checkpoints.
    private let repeated: Set<String>

    private struct Line: Decodable {
        var digest: String
        var step: Int
    }

    /// Of equal digests the last one counts; what is no such line is left out.
    init(_ text: Data) {
        var steps: [String: Int] = [:]
        var repeated: Set<String> = []
        let decoder = JSONDecoder()
        for line in text.split(separator: 0x0A) where line.count < 4096 {
            guard let line = try? decoder.decode(Line.self, from: Data(line)), line.step >= 0
            else { continue }
            let former = steps.updateValue(line.step, forKey: line.digest)
            if let former, former != line.step { repeated.insert(line.digest) }
        }
        self.steps = steps
        self.repeated = repeated
    }

    static func digest(size: Int64, tail: Data) -> String {
        String(SHA256.hex(Array("\(size)".utf8) + tail).prefix(32))
    }

    /// The steps of those files that are noted, the newest looked at first.
    ///
    /// - Throws: `Failure` where the place does not answer.
    func steps(of files: [Manifest.Entry], in place: any RunPlace) async throws -> [PathKey: Int] {
        guard !steps.isEmpty else { return [:] }
        let limit = place.kind == .bucket ? Self.mostRemoteLooks : Self.mostLooks
        let newest = files.filter { $0.size > 0 }.sorted { $0.mtime > $1.mtime }.prefix(limit)
        var found: [PathKey: Int] = [:]
        for entry in newest {
            let start = max(0, entry.size - Self.tail)
            let data = try await place.read(entry.path, start..<entry.size)
            guard data.count == Int(entry.size - start) else { continue }
            let digest = Self.digest(size: entry.size, tail: data)
            // Its name, or what lies beside it, knows better.
            if repeated.contains(digest), CheckpointName(entry.path)?.step != nil { continue }
            found[PathKey(entry.path)] = steps[digest]
        }
        return found
    }
}
