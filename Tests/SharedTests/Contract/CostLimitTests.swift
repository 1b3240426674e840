import Shared
import TestSupport
import Testing

@Suite struct CostLimitTests {
    private func options(_ words: [String]) throws -> TrainingOptions {
        try Parser.parse(TrainingOptions.self, words).checked()
    }

    @Test(
        arguments: [
            (["--max_cost", "5", "--hourly_price", "3600"], nil, 5, true),
            (["--max_cost", "10", "--hourly_price", "3"], nil, 12_000, true),
            // Whole seconds, never more than the cost buys.
            (["--max_cost", "1", "--hourly_price", "7"], nil, 514, true),
            (["--max_cost", "10"], 2.5, 14_400, true),
            (["--max_cost", "10", "--hourly_price", "5"], 2.5, 7200, true),
            (["--max_cost", "10", "--max_duration", "1h"], 2.5, 3600, false),
            (["--max_cost", "10", "--max_duration", "4h"], 2.5, 14_400, true),
            (["--max_cost", "10", "--max_duration", "never"], 2.5, 14_400, true),
            (["--max_duration", "1h"], 2.5, 3600, false),
        ] as [([String], Double?, Double, Bool)])
    func `the shorter of cost and duration is the limit`(
        words: [String], price: Double?, seconds: Double, isCost: Bool
    ) throws {
        var options = try options(words)
        try options.limitByCost(at: price)
        #expect(options.maxDuration.limit?.seconds == seconds)
        #expect(options.isLimitedByCost == isCost)
        // What is settled once is not counted again with another price.
        try options.limitByCost(at: 1000)
        #expect(options.maxDuration.limit?.seconds == seconds)
        var job = try Job.sample(createdAt: Date(timeIntervalSince1970: 1000))
        try options.apply(to: &job)
        #expect(job.maxDurationSeconds == seconds)
        #expect(job.isLimitedByCost == isCost)
        #expect(job.objection == nil)
        let read = try JSONFormat.decode(Job.self, from: JSONFormat.encode(job), name: "job")
        #expect(read == job)
        // Absolute: no machine and no attempt gets the time anew.
        #expect(read.deadline == read.createdAt.addingTimeInterval(seconds))
    }

    @Test(arguments: [
        ["--max_cost", "5"], ["--max_cost", "5", "--hourly_price", "0"],
        ["--max_cost", "0.01", "--hourly_price", "1000000"],
    ])
    func `without a price, or for no time, it is refused with the flag`(words: [String]) throws {
        let options = try options(words)
        var job = try Job.sample(createdAt: Date(timeIntervalSince1970: 1000))
        let failure = #expect(throws: Failure.self) { try options.apply(to: &job) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("--max_cost") == true)
        #expect(failure?.hint?.contains("--hourly_price PRICE") == true)
    }

    @Test(arguments: ["0", "-1", "nan", "inf", "1e10", "20 dollars", "$20", ""])
    func `what is no amount is refused`(text: String) {
        #expect(throws: Failure.self) { try options(["--max_cost", text]) }
    }

    @Test(arguments: [(0, 1), (5, 0), (5, -1), (-1, 1), (1e300, 1)] as [(Double, Double)])
    func `a job whose cost is no limit is refused`(amount: Double, price: Double) throws {
        var job = try Job.sample(createdAt: Date(timeIntervalSince1970: 1000))
        job.cost = CostLimit(amount: amount, hourlyPrice: price)
        #expect(job.objection?.contains("field 'cost'") == true)
    }
}
