import Shared

/// The journal of tunings that a new run begins with: what was in force in its parent at the
/// checkpoint, so that its first step is the parent's, and what is changed from there on.
enum ParentTunings {
    static let path = "\(BucketLayout.logs)/\(BucketLayout.tuningJournal)"
    static let largest = 64 << 20

    /// What counts again at a restart: `python/ai_training_utils/_tuning.py`, `_open`.
    private static let kept: Set<String> = ["applied", "reverted", "kept"]

    /// - Parameters:
    ///   - journal: the parent's.
    ///   - checkpoint: what was made after it is left out; nil leaves nothing out.
    ///   - request: what is changed at the first step.
    /// - Throws: if JSON cannot express a value of the request.
    static func journal(
        from journal: Data, asOf checkpoint: Checkpoints.Checkpoint?,
        then request: ControlRequest?, now: Date
    ) throws -> Data {
        var text = Data()
        for line in journal.split(separator: 0x0A) where line.count <= 64 << 10 {
            guard case .object(let fields)? = try? JSONDecoder().decode(JSONValue.self, from: line),
                case .string(let state)? = fields["state"], kept.contains(state),
                checkpoint.map({ isBefore($0, fields) }) ?? true
            else { continue }
            text += line + Data([0x0A])
        }
        if let request { text += try request.journalLine(attempt: 1, now: now) }
        return text
    }

    /// By step and by time: an attempt that went back made later steps before the checkpoint.
    private static func isBefore(
        _ checkpoint: Checkpoints.Checkpoint, _ fields: [String: JSONValue]
    ) -> Bool {
        guard case .integer(let step)? = fields["step"], step <= checkpoint.step else {
            return false
        }
        let time: Double
        switch fields["time"] {
        case .number(let seconds)?: time = seconds
        case .integer(let seconds)?: time = Double(seconds)
        default: return false
        }
        return time * 1e9 <= Double(checkpoint.savedAt)
    }
}
