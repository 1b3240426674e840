import Shared
import Testing

/// One table for both programs, and one way into the job.
@Suite struct TrainingOptionsTests {
    /// A command that holds the options beside something of its own.
    private struct Holder: CommandArguments {
        var name: String?
        var training = TrainingOptions()
        static var options: [Option<Self>] {
            [.text("--name", "name", \.name, "A name.")] + TrainingOptions.options(at: \.training)
        }
    }

    private func job() throws -> Job {
        Job(
            run: try RunName(cloud: "local", projectName: "p", codeName: "c", datasetName: "d"),
            code: .init(source: "/c", module: "found.main"), dataset: "/d", output: nil,
            directories: .init(work: "/w", code: "/c", dataset: "/d", output: "/o", logs: "/l"),
            createdAt: Date(timeIntervalSince1970: 0))
    }

    private func applied(_ words: [String]) throws -> Job {
        var job = try job()
        try Parser.parse(Holder.self, words).checked().training.apply(to: &job)
        return job
    }

    /// A value other than the default for each option, as it is typed.
    private static let samples: [String: [String]] = [
        "--module": ["--module", "a.b"], "--no_observe": ["--no_observe"],
        "--python": ["--python", "/opt/pytorch/bin/python3"],
        "--command": ["--command", "python x.py"],
        "--env": ["--env", "A=1"],
        "--max_duration": ["--max_duration", "2h"], "--max_restarts": ["--max_restarts", "3"],
        "--restart_wait": ["--restart_wait", "1m30s"],
        "--grace_seconds": ["--grace_seconds", "1m"], "arguments": ["--", "--epochs", "2"],
        "--on_stall": ["--on_stall", "restart"], "--stall_after": ["--stall_after", "20m"],
        "--sync_interval_seconds": ["--sync_interval_seconds", "2m"],
        "--exclude": ["--exclude", "*.tmp"], "--mirror": ["--mirror"],
        "--keep_last": ["--keep_last", "3"], "--max_staleness": ["--max_staleness", "5m"],
        "--stray": ["--stray", "1.5GB"],
        "--transfer_timeout": ["--transfer_timeout", "120.5"],
        "--transfer_tool": ["--transfer_tool", "rclone"],
        "--metric": ["--metric", "grad=gnorm ([0-9.]+)"],
        "--total_steps": ["--total_steps", "100"],
        "--alert": ["--alert", "loss > 5"],
        "--webhook": ["--webhook", "https://ntfy.sh/mine"],
        "--hourly_price": ["--hourly_price", "2.48"],
        "--max_cost": ["--max_cost", "50", "--hourly_price", "2.5"],
    ]

    /// A row that `apply` forgets is an option that does nothing.
    @Test func `every option of the table changes the job`() throws {
        let plain = try applied([])
        #expect(Set(TrainingOptions.descriptions.map(\.name)) == Set(Self.samples.keys))
        for (name, words) in Self.samples {
            #expect(try applied(words) != plain, "\(name) does not reach the job")
        }
    }

    @Test func `a job without options is the contract's own default`() throws {
        #expect(try applied([]) == job())
    }

    @Test func `the values arrive as typed`() throws {
        let samples = Self.samples.sorted { $0.key < $1.key }
        // Two of the samples stand in others too.
        let others = ["--command", "--hourly_price"]
        let job = try applied(samples.filter { !others.contains($0.key) }.flatMap(\.value))
        #expect(job.code.module == "a.b")
        #expect(try applied(Self.samples["--command"] ?? []).code.command == "python x.py")
        #expect(job.code.arguments == ["--epochs", "2"])
        #expect(job.environment == ["A": "1"])
        #expect(job.maxDurationSeconds == 7200)
        #expect(job.cost == CostLimit(amount: 50, hourlyPrice: 2.5))
        #expect(job.hourlyPrice == 2.5)
        #expect(job.maxRestarts == 3)
        #expect(job.restartWaitSeconds == 90)
        #expect(job.graceSeconds == 60)
        #expect(job.sync.intervalSeconds == 120)
        #expect(job.sync.exclude == ["*.tmp"])
        #expect(job.sync.mirror)
        #expect(job.sync.keepLast == 3)
        #expect(job.sync.maxStalenessSeconds == 300)
        #expect(job.sync.strayBytes == 1_500_000_000)
        #expect(job.sync.transferTimeoutSeconds == 120.5)
        #expect(job.sync.transferTool == "rclone")
    }

    @Test(arguments: [
        "--sync_interval_seconds", "--grace_seconds", "--max_duration", "--max_staleness",
        "--transfer_timeout",
    ])
    func `every length of time takes every form`(flag: String) throws {
        let jobs = try ["90", "90s", "1m30s", "1.5m", "0.025h"].map { try applied([flag, $0]) }
        #expect(jobs.allSatisfy { $0 == jobs[0] })
        #expect(try jobs[0] != applied([flag, "2m"]))
        let failure = #expect(throws: Failure.self) { try applied([flag, "11000d"]) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.hasPrefix("\(flag) '11000d' is not a length of time") == true)
    }

    @Test func `a secret does not stand in the job`() throws {
        #expect(try applied(["--env", "HOME"]).environment == [:])
    }
}
