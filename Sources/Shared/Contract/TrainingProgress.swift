/// How far a training is, as its own words and files say it; see docs/curves.md for the sources.
package struct TrainingProgress: Codable, Sendable, Equatable {
    /// What the trainer counts: optimizer steps, iterations, batches or samples.
    package var step: Int64
    /// The last step; nil if it is not known.
    package var total: Int64?
    /// nil where the end or the pace is not known.
    package var secondsLeft: Double?
    /// Such as `train.log`; a name of `ScalarSource`.
    package var source: String

    package init(step: Int64, total: Int64? = nil, secondsLeft: Double? = nil, source: String) {
        self.step = step
        self.total = total
        self.secondsLeft = secondsLeft
        self.source = source
    }

    /// `step 1300 of 30000 (4 %), 4m10s left`, whatever the numbers are.
    package var text: String {
        var text = "step \(step)"
        if let total, total > 0 {
            let percent = min(100, max(0, Double(step) / Double(total) * 100))
            text += " of \(total) (\(Int(percent)) %)"
        }
        if let secondsLeft, secondsLeft.isFinite, secondsLeft >= 0 {
            text += ", \(TimeSpan(seconds: secondsLeft)) left"
        }
        return text
    }
}
