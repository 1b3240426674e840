import Shared

/// The step that a file's name tells, as the frameworks write it.
///
/// `checkpoint-500/model.safetensors` (Hugging Face), `epoch=1-step=200.ckpt` (Lightning),
/// `global_step300/…` (DeepSpeed), `ckpt_400.pt`, `model.ckpt-500.index` (TensorFlow),
/// `checkpoints/600/…` (Orbax). An epoch is no step.
struct CheckpointName: Equatable {
    var step: Int
    /// The path up to the number: what has it in common is one checkpoint.
    var unit: String

    /// - Parameter path: below the run's prefix.
    init?(_ path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        // The deepest name counts: a folder above may number something else.
        for index in parts.indices.reversed() {
            let above = parts[..<index].joined(separator: "/")
            guard let (step, end) = Self.step(in: parts[index], below: parts[..<index].last)
            else { continue }
            self.step = step
            unit = "\(above)/\(parts[index][..<end])"
            return
        }
        return nil
    }

    private static func step(
        in name: Substring, below parent: Substring?
    ) -> (Int, Substring.Index)? {
        guard name.utf8.contains(where: { (0x30...0x39).contains($0) }) else { return nil }
        let pattern =
            /(?i)(?:^|[^a-z])(?:checkpoint|ckpt|global_?step|step|iter|iteration)[\-_=]?([0-9]{1,15})(?![0-9])/
        if let match = name.matches(of: pattern).last, let step = Int(match.1) {
            return (step, match.range.upperBound)
        }
        let isNumbered = parent.map { $0.wholeMatch(of: /(?i)(checkpoint|ckpt)s?/) != nil } ?? false
        guard isNumbered, name.utf8.count <= 15, let step = Int(name) else { return nil }
        return (step, name.endIndex)
    }
}
