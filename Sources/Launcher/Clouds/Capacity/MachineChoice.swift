import Shared

/// Turns `--gpus` into a machine type, the cheapest that the regions have, and says what the machine
/// costs before anything is made.
struct MachineChoice: Sendable {
    let provider: any CloudProvider
    var table = PriceTable.current
    let now: Date
    /// Tells the user.
    let say: @Sendable (String) -> Void

    /// More than anybody reads.
    private static let mostShown = 6

    /// The machine requests to try, in order, each with a machine type.
    ///
    /// - Throws: `Failure` with exit code 2 where no machine of this cloud has such GPUs.
    func requests(for machine: MachineRequest) throws -> [MachineRequest] {
        guard let gpus = machine.gpus else {
            var machine = machine
            machine.machineType = provider.machineType(for: machine)
            return [machine]
        }
        let given = [
            ("--machine_type", machine.machineType != nil), ("--gpu_type", machine.gpuType != nil),
            ("--gpu_count", machine.gpuCount != nil),
        ].filter(\.1).map(\.0)
        guard given.isEmpty else {
            throw Failure.usage(
                "--gpus chooses the machine, and \(given.joined(separator: ", ")) does too",
                hint: "give one of them")
        }
        let offers = table.offers(on: provider.name, for: gpus)
        guard !offers.isEmpty else {
            let known = Set(
                table.offers.filter { $0.cloud == provider.name }.map { "\($0.gpu):\($0.gpus)" })
            throw Failure.usage(
                "--gpus: no machine of \(provider.name) has \(gpus.text)",
                hint: "known are \(known.sorted().joined(separator: ", ")); any other by "
                    + "--machine_type")
        }
        let origin = table.origin(on: provider.name, now: now)
        say("machines with \(gpus.text) on \(provider.name), \(origin):")
        for offer in offers.prefix(Self.mostShown) { say("  \(offer.text)") }
        return offers.map { offer in
            var request = machine
            request.machineType = offer.machineType
            request.gpuType = offer.attachedGPU
            request.gpuCount = offer.attachedGPU == nil ? nil : offer.gpus
            return request
        }
    }

    /// Turns `--max_cost` into the longest time, by `--hourly_price` or the list price on demand, which
    /// no spot machine is above; then says the price, and keeps it for the receipt.
    ///
    /// - Parameter regions: those in which the machine may come to be.
    /// - Throws: `Failure` with exit code 2 where a cost is given and no price is known, or where the
    ///   time is too short for a machine.
    func settle(
        _ training: inout TrainingOptions, of machine: MachineRequest, in regions: Set<String>
    ) throws {
        let list = table.offer(on: provider.name, for: machine)?.dollars
        if training.maxCost != nil, training.hourlyPrice == nil, list != nil,
            let home = table.regions[provider.name],
            let other = regions.sorted().first(where: { $0 != home })
        {
            throw Failure.usage(
                "--max_cost needs the price of an hour in \(other): the one that is known is of \(home)",
                hint: "give it: --hourly_price PRICE")
        }
        try training.limitByCost(at: list)
        if let cost = training.cost, training.isLimitedByCost,
            !MachineLimits.durationSeconds.contains(cost.seconds)
        {
            let least = cost.hourlyPrice * MachineLimits.durationSeconds.lowerBound / 3600
            let isShort = cost.seconds < MachineLimits.durationSeconds.lowerBound
            throw Failure.usage(
                "--max_cost $\(PriceTable.shown(cost.amount)) lasts \(TimeSpan(seconds: cost.seconds)), "
                    + "not between 10m and 118d, what a machine can be limited to",
                hint: isShort
                    ? "ten minutes cost $\(PriceTable.shown(least)); give more"
                    : "give a --max_duration too")
        }
        if let hard = machine.hardLimit { try check(hard, training) }
        let price = training.hourlyPrice ?? list
        training.hourlyPrice = sayPrice(
            of: machine, own: training.hourlyPrice,
            longest: training.isLimitedByCost ? nil : training.maxDuration.limit)
        if let hard = machine.hardLimit {
            let most = price.map { " for at most $\(PriceTable.shown($0 * hard.seconds / 3600))" }
            say("train extend may go up to --hard_limit \(hard)\(most ?? "")")
        }
    }

    /// - Throws: `Failure` with exit code 2 where there is nothing up to which the limit could move.
    private func check(_ hard: TimeSpan, _ training: TrainingOptions) throws {
        guard let longest = training.maxDuration.limit else {
            throw Failure.usage(
                "--hard_limit limits nothing with --max_duration never", hint: "leave one out")
        }
        guard hard.seconds >= longest.seconds else {
            throw Failure.usage(
                "--hard_limit \(hard) is shorter than the run's longest time, \(longest)",
                hint: "give a --max_duration below it; train extend moves that up to --hard_limit")
        }
        if let cost = training.cost, hard.seconds > cost.seconds {
            throw Failure.usage(
                "--hard_limit \(hard) is longer than --max_cost "
                    + "$\(PriceTable.shown(cost.amount)) lasts: \(TimeSpan(seconds: cost.seconds))",
                hint: "give one of them, or a shorter --hard_limit")
        }
    }

    /// Says what a machine costs about, and at most by its longest time.
    ///
    /// - Parameters:
    ///   - own: `--hourly_price`.
    ///   - longest: `--max_duration`; nil for no end, or one that the cost sets.
    /// - Returns: US dollars an hour; nil where they are not known, as of a spot machine.
    @discardableResult
    func sayPrice(of machine: MachineRequest, own: Double?, longest: TimeSpan?) -> Double? {
        let offer = table.offer(on: provider.name, for: machine)
        guard let dollars = own ?? offer?.dollars else { return nil }
        let origin = own == nil ? table.origin(on: provider.name, now: now) : "your --hourly_price"
        let isSpot = machine.spot != .never && own == nil
        let type = machine.machineType ?? ""
        var text =
            "\(type) costs about $\(PriceTable.shown(dollars)) an hour (\(origin)"
            + (isSpot ? "; spot is less)" : ")")
        if let longest {
            let most = PriceTable.shown(dollars * longest.seconds / 3600)
            text += ", at most $\(most) in --max_duration \(longest)"
        }
        say(text)
        return isSpot ? nil : dollars
    }
}
