import Shared

/// What `--max_cost` comes to, in words, for a person who is about to start a run.
struct CostText: Sendable {
    let cost: CostLimit
    let isRented: Bool

    /// - Parameter isRented: the machine has a timer, and a cloud that turns it off.
    /// - Returns: nil where nothing limits the cost, or `--max_duration` ends the run before.
    init?(_ training: TrainingOptions, isRented: Bool) {
        guard let cost = training.cost, training.isLimitedByCost else { return nil }
        (self.cost, self.isRented) = (cost, isRented)
    }

    /// One line: the cap, when it is reached, and what a last sync that hangs can add.
    var line: String {
        let time = TimeSpan(seconds: cost.seconds)
        let text =
            "at most $\(PriceTable.shown(cost.amount)): off after \(time) at "
            + "$\(PriceTable.shown(cost.hourlyPrice)) an hour (--max_cost)"
        guard isRented else { return text }
        let more = TimeSpan(seconds: 2 * MachineLimits.finalSyncSeconds)
        let dollars = PriceTable.shown(cost.hourlyPrice * more.seconds / 3600)
        return text + "; a last sync that hangs adds at most \(more), $\(dollars)"
    }
}
