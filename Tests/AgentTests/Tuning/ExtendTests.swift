import Shared
import TestSupport
import Testing

@testable import Agent

/// A run whose limit somebody moves: by how much, how often, and what follows from it.
@Suite(.timeLimit(.minutes(2))) struct ExtendTests {
    private static func request(
        to longest: Double? = nil, by added: Double? = nil, number: UInt64 = 1
    ) -> ControlRequest {
        var request = ControlRequest(
            id: ULID(time: Date(timeIntervalSince1970: 1), random: { number }), by: "ann@laptop",
            time: Date(), command: .extend)
        (request.maxDurationSeconds, request.addedSeconds) = (longest, added)
        return request
    }

    private func put(_ request: ControlRequest, _ run: RunFixture) throws {
        let directory = run.context.job.work.control
        try makeDirectories(directory)
        try AtomicFile.write(JSONFormat.encode(request), to: "\(directory)/\(request.id).json")
    }

    private func answers(_ run: RunFixture) async throws -> [String] {
        await run.context.board.written()
        return try readFile(run.context.job.work.events).split(separator: 0x0A).compactMap {
            let event = try JSONFormat.decoder().decode(Event.self, from: $0)
            guard case .string(let state)? = event.details?["state"] else { return nil }
            return "\(state): \(event.message)"
        }
    }

    @Test(
        arguments: [
            (request(to: 7200), 3600, nil, nil, 7200, ""),
            (request(by: 3600), 3600, nil, nil, 7200, ""),
            (request(by: 0.9), 3600, nil, nil, nil, "is 1h already"),
            (request(to: 3600), 3600, nil, nil, nil, "is 1h already"),
            (request(to: 60), 3600, nil, nil, nil, "is 1h already"),
            (request(to: 7200), nil, nil, nil, nil, "has no limit"),
            (request(to: 1e12), 3600, nil, nil, nil, "no time that a run can have"),
            (request(), 3600, nil, nil, nil, "no time that a run can have"),
            // Two an hour, and four to spend.
            (request(to: 7200), 3600, CostLimit(amount: 4, hourlyPrice: 2), nil, 7200, ""),
            (request(to: 7201), 3600, CostLimit(amount: 4, hourlyPrice: 2), nil, nil, "--max_cost"),
            (request(to: 86_400), 3600, nil, 86_400, 86_400, ""),
            (request(by: 3600), 3600, nil, 3600, nil, "turns this machine off after 1h"),
        ] as [(ControlRequest, Double?, CostLimit?, Double?, Double?, String)])
    func `a limit is only made longer, and within what is fixed`(
        request: ControlRequest, current: Double?, cost: CostLimit?, hard: Double?,
        longest: Double?, reason: String
    ) async throws {
        try await RunFixture.with(
            change: {
                $0.maxDurationSeconds = current
                ($0.cost, $0.hardLimitSeconds) = (cost, hard)
            }
        ) { run in
            let result = Result {
                try LimitChange.longest(asked: request, of: run.context.limitedJob, now: Date())
            }
            switch result {
            case .success(let seconds): #expect(seconds == longest)
            case .failure(let error):
                #expect(longest == nil)
                #expect("\(error)".contains(reason), "\(error)")
            }
        }
    }

    @Test func `an agent after this one knows the limit, and asks nobody twice`() async throws {
        try await RunFixture.with(change: { $0.maxDurationSeconds = 3600 }) { run in
            let request = Self.request(by: 3600)
            try put(request, run)
            var desk = ControlDesk(run.context)
            await desk.look()
            #expect(run.context.limitedJob.maxDurationSeconds == 7200)
            // The same through the bucket, to the next agent.
            try put(request, run)
            var next = ControlDesk(run.context)
            await next.look()
            let told = try await answers(run)
            #expect(told.count == 1)
            #expect(told.first?.hasPrefix("applied: the longest time is 2h now") == true, "\(told)")
            let journal = try Journal.load(from: run.context.job.work)
            #expect(journal?.maxDurationSeconds == 7200)
        }
    }

    @Test func `a run that is ending, or a request that came late, stays as it is`() async throws {
        for isLate in [false, true] {
            try await RunFixture.with(change: { $0.maxDurationSeconds = 3600 }) { run in
                var request = Self.request(by: 3600)
                if isLate { request.expires = Date() - 1 }
                if !isLate { run.context.stop.request(.deadline) }
                try put(request, run)
                var desk = ControlDesk(run.context)
                await desk.look()
                #expect(run.context.limitedJob.maxDurationSeconds == 3600)
                let told = try await answers(run)
                #expect(told.first?.hasPrefix("refused: the limit stays: ") == true, "\(told)")
            }
        }
    }

    @Test func `the deadline that is watched is the moved one`() async throws {
        for isMoved in [false, true] {
            let clock = ManualClock()
            try await RunFixture.with(
                clock: clock,
                change: {
                    $0.createdAt = Date() - 5000
                    $0.maxDurationSeconds = 3600
                }
            ) { run in
                if isMoved { try await run.context.record { $0.maxDurationSeconds = 1e6 } }
                let monitor = Task { await DeadlineMonitor().run(run.context) }
                try await Eventually.holds {
                    run.context.stop.reason != nil || !clock.slept.isEmpty
                }
                #expect((run.context.stop.reason == nil) == isMoved)
                monitor.cancel()
                await monitor.value
            }
        }
    }

    /// What `train-bootstrap arm` would do is told by a program in its place.
    private func timer(_ scratch: Scratch, exits status: Int) throws -> MachineTimer {
        try scratch.write("1000\n", to: "etc/train/deadline")
        try scratch.write("2000\n", to: "run/train/deadline")
        let root = scratch.path
        try scratch.write(
            "#!/bin/sh\ncat \(root)/etc/train/deadline >> \(root)/armed\necho $1 >> \(root)/armed\n"
                + "exit \(status)\n", to: "usr/local/sbin/train-bootstrap", mode: 0o755)
        return MachineTimer(root: root, runner: PosixRunner())
    }

    @Test func `the machine's timer moves, or stays whole`() async throws {
        let scratch = try Scratch()
        var timer = try timer(scratch, exits: 0)
        #expect(try timer.hour() == 1000)
        try await timer.move(to: 5000)
        #expect(scratch.read("etc/train/deadline") == "5000\n")
        #expect(scratch.read("run/train/deadline") == "5000\n")
        #expect(scratch.read("armed") == "5000\narm\n")
        timer = try self.timer(scratch, exits: 1)
        await #expect(throws: Failure.self) { try await timer.move(to: 5000) }
        #expect(scratch.read("etc/train/deadline") == "1000\n")
        #expect(scratch.read("run/train/deadline") == "2000\n")
        for text in ["", "soon", "-5", "99999999999999999999"] {
            try scratch.write(text, to: "etc/train/deadline")
            #expect(throws: Failure.self) { try timer.hour() }
        }
        let none = MachineTimer(root: scratch.path + "/nowhere", runner: PosixRunner())
        #expect(try none.hour() == nil)
    }
}
