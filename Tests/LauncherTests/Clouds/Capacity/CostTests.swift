import Shared
import TestSupport
import Testing

@testable import Launcher

/// What `--max_cost` becomes on a rented machine.
@Suite struct CostTests {
    private func settled(
        _ words: [String], machine type: String = "g2-standard-8", spot: Bool = false,
        regions: Set<String> = ["us-central1"], heard: CapturedConsole = CapturedConsole()
    ) throws -> TrainingOptions {
        let parsed = try Parser.parse(
            StartArguments.self, ["c/d", "--code_path", "/c", "--dataset_bucket", "/d"] + words)
        var training = try parsed.checked().training
        var machine = MachineRequest()
        machine.machineType = type
        if spot { machine.spot = .auto }
        machine.hardLimit = try parsed.checked().machine.hardLimit
        let choice = MachineChoice(
            provider: GoogleProvider(), now: Date(timeIntervalSince1970: 1_800_000_000)
        ) { heard.console.error($0 + "\n") }
        try choice.settle(&training, of: machine, in: regions)
        return training
    }

    @Test func `the table's price makes the cost a time, of a spot machine too`() throws {
        for spot in [false, true] {
            let training = try settled(["--max_cost", "8.536"], spot: spot)
            #expect(training.maxDuration.limit?.seconds == 36_000)
            #expect(training.isLimitedByCost)
            // What a spot machine costs is not what it is limited by.
            #expect(training.hourlyPrice == (spot ? nil : 0.8536))
            let text = try #require(CostText(training, isRented: true)?.line)
            #expect(text.hasPrefix("at most $8.54: off after 10h at $0.85 an hour (--max_cost)"))
            #expect(text.hasSuffix("; a last sync that hangs adds at most 1h, $0.85"))
        }
    }

    @Test func `a duration that is shorter stays, and is what is said`() throws {
        let heard = CapturedConsole()
        let training = try settled(
            ["--max_cost", "100", "--max_duration", "2h"], heard: heard)
        #expect(training.maxDuration.limit?.seconds == 7200)
        #expect(!training.isLimitedByCost)
        #expect(CostText(training, isRented: true) == nil)
        #expect(heard.errors.contains("at most $1.71 in --max_duration 2h"))
    }

    @Test(
        arguments: [
            ([], "unknown-1", ["us-central1"], "is not known"),
            ([], "g2-standard-8", ["europe-west4"], "in europe-west4"),
            ([], "g2-standard-8", ["us-central1", "us-east1"], "in us-east1"),
        ] as [([String], String, Set<String>, String)])
    func `where no price is known it is refused with the flag`(
        words: [String], type: String, regions: Set<String>, problem: String
    ) throws {
        let cost = ["--max_cost", "10"]
        let failure = #expect(throws: Failure.self) {
            try settled(cost + words, machine: type, regions: regions)
        }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains(problem) == true, "\(failure?.summary ?? "")")
        #expect(failure?.hint?.contains("--hourly_price PRICE") == true)
        // With a price of the user's own it is taken; without a cost nothing is asked for.
        let own = cost + ["--hourly_price", "2"]
        let training = try settled(own, machine: type, regions: regions)
        #expect(training.maxDuration.limit?.seconds == 18_000)
        #expect(try !settled(words, machine: type, regions: regions).isLimitedByCost)
    }

    @Test func `how far a run may be extended is said with its cost`() throws {
        let heard = CapturedConsole()
        let words = ["--max_duration", "10h", "--hard_limit", "20h"]
        #expect(try settled(words, heard: heard).maxDuration.limit?.seconds == 36_000)
        #expect(
            heard.errors.contains("train extend may go up to --hard_limit 20h for at most $17.07"),
            "\(heard.errors)")
        let wrong = [
            (["--hard_limit", "2h"], "shorter than the run's longest time, 1d"),
            (["--max_duration", "never", "--hard_limit", "2h"], "limits nothing"),
            (["--max_cost", "8.536", "--hard_limit", "11h"], "longer than --max_cost $8.54 lasts"),
        ]
        for (words, problem) in wrong {
            let failure = #expect(throws: Failure.self) { try settled(words) }
            #expect(failure?.exit == 2)
            #expect(failure?.summary.contains(problem) == true, "\(failure?.summary ?? "")")
        }
    }

    @Test(arguments: [
        (["--max_cost", "0.1"], "ten minutes cost $0.14"),
        (["--max_cost", "100000", "--max_duration", "never"], "--max_duration"),
    ])
    func `a time that no machine can be limited to is refused`(words: [String], hint: String) {
        let failure = #expect(throws: Failure.self) { try settled(words) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("not between 10m and 118d") == true)
        #expect(failure?.hint?.contains(hint) == true, "\(failure?.hint ?? "")")
    }
}
