/// `--max_cost`: the most that the machine of a run may cost, with what an hour of it costs.
///
/// The two are one length of time, and nothing but that time is watched: the agent's deadline, the
/// machine's timer and the cloud's own limit all follow from `Job.maxDurationSeconds`.
package struct CostLimit: Codable, Sendable, Equatable {
    /// What `--max_cost` may be, in the price's currency.
    package static let amounts = 0.01...1_000_000_000.0

    package var amount: Double
    /// In the same currency.
    package var hourlyPrice: Double

    package init(amount: Double, hourlyPrice: Double) {
        (self.amount, self.hourlyPrice) = (amount, hourlyPrice)
    }

    /// How long the machine may run, in whole seconds: a machine's timer counts no others.
    package var seconds: Double {
        min((amount * 3600 / hourlyPrice).rounded(.down), TimeSpan.maximumSeconds)
    }

    /// What a job in a file can get wrong: a price of nothing would be no limit.
    var objection: String? {
        guard Self.amounts.contains(amount), hourlyPrice > 0,
            Job.Bounds.hourlyPrice.contains(hourlyPrice)
        else {
            return "field 'cost' has the amount \(amount) and the price \(hourlyPrice) of an hour, "
                + "which are no limit"
        }
        return nil
    }
}

extension TrainingOptions {
    /// Turns `--max_cost` into the longest time, where it is shorter than `--max_duration`.
    ///
    /// - Parameter price: of an hour of the machine, such as a list price; `--hourly_price` wins.
    /// - Throws: `Failure` with exit code 2 where no price is known, or the cost buys no time.
    package mutating func limitByCost(at price: Double? = nil) throws {
        guard let maxCost, cost == nil else { return }
        guard let price = hourlyPrice ?? price, price > 0 else {
            throw Failure.usage(
                "--max_cost needs the price of an hour of this machine, which is not known",
                hint: "give it: --hourly_price PRICE")
        }
        let limit = CostLimit(amount: maxCost, hourlyPrice: price)
        guard Job.Bounds.maxDuration.contains(limit.seconds) else {
            throw Failure.usage(
                "--max_cost \(maxCost) is spent within a second at \(price) an hour",
                hint: "give more, or the price of an hour: --hourly_price PRICE")
        }
        cost = limit
        let span = TimeSpan(seconds: limit.seconds)
        if maxDuration.limit.map({ span.seconds < $0.seconds }) ?? true {
            maxDuration = .limit(span)
        }
    }

    /// Whether `--max_cost` ends the training, and not `--max_duration`.
    package var isLimitedByCost: Bool {
        guard let cost, let limit = maxDuration.limit else { return false }
        return limit.seconds >= cost.seconds
    }
}

extension Job {
    /// Whether it is the cost that sets the longest time; the outcome is then `cost`.
    package var isLimitedByCost: Bool {
        guard let cost, let maxDurationSeconds else { return false }
        return maxDurationSeconds >= cost.seconds
    }
}
