import Shared
import TestSupport
import Testing

@testable import Agent

@Suite struct AlertWatchTests {
    private let scratch: Scratch
    private var job: Job

    init() throws {
        scratch = try Scratch()
        job = try Job.sample(
            in: scratch.path, createdAt: Date(timeIntervalSince1970: 1000))
        job.alerts = ["loss > 5", "nan"]
        job.maxDurationSeconds = 100
    }

    private func append(_ text: String, to name: String) throws {
        let old = scratch.read("logs/" + name) ?? ""
        try makeDirectories(scratch.path + "/logs")
        let path = scratch.path + "/logs/" + name
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        defer { close(descriptor) }
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: path)
        #expect(scratch.read("logs/" + name) == old + text)
    }

    @Test func `a rule speaks once for each attempt, and a spike is not missed`() throws {
        var watch = AlertMonitor.AlertWatch(job)
        try append("step 1 loss 1.0\nstep 2 loss 9.0\nstep 3 loss 1.0\n", to: "train.log")
        var alerts = watch.look(attempt: 1)
        #expect(alerts.map(\.text) == ["loss is 9.0 at step 2 (--alert 'loss > 5')"])
        try append("step 4 loss 8.0\n", to: "train.log")
        alerts = watch.look(attempt: 1)
        #expect(alerts.isEmpty)
        // The first look of another attempt finds what was told before.
        try append("step 5 loss 7.0\n", to: "train.log")
        alerts = watch.look(attempt: 2)
        #expect(alerts.isEmpty)
        try append("step 6 loss 6.0\nstep 7 loss nan\n", to: "train.log")
        alerts = watch.look(attempt: 2)
        #expect(alerts.count == 2)
    }

    @Test func `what the trainer says is one line, and at most a hundred of them`() throws {
        var watch = AlertMonitor.AlertWatch(job)
        try append(
            "{\"title\": \"a\\u001b[31m\\nb\", \"text\": \"more\", \"level\": \"error\"}\n"
                + "{\"title\": 3}\nno JSON\n", to: "alerts.jsonl")
        let alerts = watch.look(attempt: 1)
        #expect(alerts.map(\.text) == ["a[31m b: more"])
        #expect(alerts.map(\.level) == ["error"])
        try append(
            String(repeating: "{\"title\": \"x\", \"level\": \"loud\"}\n", count: 500),
            to: "alerts.jsonl")
        let more = watch.look(attempt: 1)
        #expect(more.count == 99 && more.allSatisfy { $0.level == "warning" })
    }

    @Test(
        arguments: [
            (nil, nil, 1079, nil), (nil, nil, 1081, "80 % of --max_duration is spent"),
            (nil, 100, 1081, nil), (nil, 50, 1081, "80 % of --max_duration is spent"),
            (CostLimit(amount: 100, hourlyPrice: 3600), nil, 1081, "80 % of --max_cost is spent"),
            (CostLimit(amount: 100, hourlyPrice: 3600), 100, 1099, nil),
            (CostLimit(amount: 101, hourlyPrice: 3600), 100, 1081, nil),
        ] as [(CostLimit?, Double?, Double, String?)])
    func `most of the limit spent is told once for each limit`(
        cost: CostLimit?, told: Double?, time: Double, text: String?
    ) {
        var job = job
        job.cost = cost
        let now = Date(timeIntervalSince1970: time)
        #expect(AlertMonitor.limitNearlySpent(job, told: told, now: now) == text)
        job.maxDurationSeconds = nil
        #expect(AlertMonitor.limitNearlySpent(job, told: told, now: now) == nil)
    }
}
