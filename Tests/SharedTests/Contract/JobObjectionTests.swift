import Shared
import TestSupport
import Testing

@Suite struct JobObjectionTests {
    @Test func `a sound job passes`() throws { #expect(try Job.sample().objection == nil) }

    static let faults: [(String, @Sendable (inout Job) -> Void)] = [
        ("directories.output", { $0.directories.output = "output" }),
        ("directories.work", { $0.directories.work = "" }),
        ("output and logs", { $0.directories.logs = $0.directories.output }),
        ("logs directory", { $0.directories.logs = "/w/output/logs" }),
        ("work directory", { $0.directories.work = "/w/output/w" }),
        ("dataset directory", { $0.directories.dataset = "/w/logs/d" }),
        ("code.module", { $0.code.module = "a.b; import os" }),
        ("code.module", { $0.code.module = "-c" }),
        ("code.module", { $0.code.module = "" }),
        ("code.module", { $0.code.module = "a..b" }),
        ("neither 'code.module' nor 'code.command'", { $0.code.module = nil }),
        ("both 'code.module' and 'code.command'", { $0.code.command = "x" }),
        ("code.command", { $0.code.entry = .command(CommandTemplate("x {if_resumed: y")) }),
        (
            "code.arguments",
            {
                $0.code.entry = .command(CommandTemplate("x"))
                $0.code.arguments = ["--epochs"]
            }
        ),
        ("sync.interval_seconds", { $0.sync.intervalSeconds = 0 }),
        ("max_duration_seconds", { $0.maxDurationSeconds = .nan }),
        ("max_duration_seconds", { $0.maxDurationSeconds = -1 }),
        ("max_duration_seconds", { $0.maxDurationSeconds = 1e300 }),
        ("sync.transfer_timeout_seconds", { $0.sync.transferTimeoutSeconds = 1e20 }),
        ("sync.max_staleness_seconds", { $0.sync.maxStalenessSeconds = .nan }),
        ("grace_seconds", { $0.graceSeconds = .infinity }),
        ("grace_seconds", { $0.graceSeconds = -1 }),
        ("max_restarts", { $0.maxRestarts = -1 }), ("max_restarts", { $0.maxRestarts = 1001 }),
        ("sync.keep_last", { $0.sync.keepLast = 0 }),
    ]

    @Test(arguments: faults.indices)
    func `each fault is named`(index: Int) throws {
        var job = try Job.sample()
        let (words, change) = Self.faults[index]
        change(&job)
        #expect(job.objection?.contains(words) == true, "\(job.objection ?? "no objection")")
        // A number that JSON has none for arrives as a text, and is refused all the same.
        let data = try JSONFormat.encode(job)
        let failure = #expect(throws: Failure.self) {
            try JSONFormat.decode(Job.self, from: data, name: "job.json")
        }
        #expect(failure?.summary.contains(words) == true, "\(failure?.summary ?? "")")
    }
}
