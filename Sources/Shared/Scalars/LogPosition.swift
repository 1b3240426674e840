/// How far a training is by the words of its log: the last epoch, bar or counter that it printed.
struct LogPosition {
    /// As printed, and how many there are.
    private(set) var epoch: Int64?
    private var epochs: Int64?
    /// Lightning and ImageNet's script count epochs from 0.
    private var countsFromZero = false
    private(set) var step: Int64?
    private(set) var total: Int64?
    /// As a progress bar says it of the whole training.
    private(set) var secondsLeft: Double?
    /// Something finer than epochs is counted.
    private var countsSteps = false
    /// What the bar that counts says of itself.
    private var bar: (title: String, done: Int64, total: Int64)?

    private static let most: Int64 = 1_000_000_000_000

    /// - Parameter fromZero: the first epoch is known to be 0, and `epochs` the last one's number.
    mutating func enter(epoch: Int64, of epochs: Int64?, fromZero: Bool = false) {
        if fromZero || epoch == 0 { countsFromZero = true }
        self.epoch = epoch
        self.epochs = epochs ?? self.epochs
        if !countsSteps { (step, total) = (epoch, self.epochs) }
    }

    private var epochsDone: Int64? {
        epoch.map { max(0, countsFromZero ? $0 : $0 - 1) }
    }

    /// The step over all epochs of the `done`th of `total` in this one.
    mutating func advance(inEpochTo done: Int64, of total: Int64) -> Int64 {
        let before = min(epochsDone ?? 0, Self.most / max(1, total))
        let step = before * total + done
        // Lightning prints the last epoch's number, 4 for five of them.
        let count = epochs.map { countsFromZero ? $0 + 1 : $0 } ?? (epoch == nil ? 1 : nil)
        set(step: step, of: count.map { min($0, Self.most / max(1, total)) * total })
        return step
    }

    /// A counter of its own, with or without an end.
    mutating func set(step: Int64, of total: Int64?, secondsLeft: Double? = nil) {
        // What was known of epochs has another unit.
        if !countsSteps { self.total = nil }
        countsSteps = true
        self.step = step
        self.total = total ?? self.total
        self.secondsLeft = secondsLeft
    }

    /// A bar that counts by itself; of several, such as an evaluation within a training, the one
    /// that has more to do is followed until it is done.
    ///
    /// - Returns: the step, where this is that bar.
    mutating func follow(
        bar title: String, done: Int64, of total: Int64, secondsLeft: Double?
    ) -> Int64? {
        if let bar, bar.title != title || bar.total != total, bar.done < bar.total,
            total <= bar.total
        {
            return nil
        }
        bar = (title, done, total)
        set(step: done, of: total, secondsLeft: secondsLeft)
        return done
    }
}
