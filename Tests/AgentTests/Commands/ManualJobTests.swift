import Shared
import TestSupport
import Testing

@testable import Agent

/// The job of a run by hand.
@Suite struct ManualJobTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write("def main():\n    pass\nmain()\n", to: "code/training_module/main.py")
        try scratch.write("1,2\n", to: "data/beer.csv")
    }

    private func job(_ words: [String], environment: [String: String] = [:]) throws -> Job {
        let places = [
            "--code_path", scratch.path + "/code", "--dataset_directory", scratch.path + "/data",
            "--output_directory", scratch.path + "/output", "--logs_directory",
            scratch.path + "/logs",
        ]
        let arguments = try Parser.parse(RunArguments.self, places + words).checked()
        return try ManualJob.make(arguments, now: Date(), environment: environment)
    }

    @Test func `it takes every option that a launcher's run takes`() throws {
        let job = try job(
            [
                "--exclude", "*.tmp", "--mirror", "--keep_last", "2", "--max_staleness", "5m",
                "--transfer_timeout", "30", "--transfer_tool", "rclone", "--max_duration", "never",
                "--sync_interval_seconds", "2m", "--env", "TOKEN", "--env", "A=1", "--", "x",
            ], environment: ["TOKEN": "hunter2"])
        #expect(job.sync.exclude == ["*.tmp"])
        #expect(job.sync.mirror)
        #expect(job.sync.keepLast == 2)
        #expect(job.sync.maxStalenessSeconds == 300)
        #expect(job.sync.transferTimeoutSeconds == 30)
        #expect(job.sync.transferTool == "rclone")
        #expect(job.sync.intervalSeconds == 120)
        #expect(job.maxDurationSeconds == nil)
        #expect(job.environment == ["A": "1"])
        #expect(job.code.arguments == ["x"])
        #expect(job.code.module == "training_module.main")
    }

    @Test func `nothing ends it by itself where nothing is said`() throws {
        #expect(try job([]).maxDurationSeconds == nil)
    }

    @Test func `a secret that is not in the environment is missed before anything begins`() {
        let failure = #expect(throws: Failure.self) { try job(["--env", "TOKEN"]) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("--env TOKEN") == true)
    }

    @Test func `all that is missing is told at once, with an example`() {
        let failure = #expect(throws: Failure.self) {
            try ManualJob.make(RunArguments(), now: Date(), environment: [:])
        }
        #expect(failure?.summary == "--code_path, --dataset_directory are missing (or --job)")
        #expect(failure?.hint?.contains(ManualJob.example) == true)
        #expect(failure?.exit == 2)
    }

    @Test func `two outputs of one code and dataset have work directories of their own`() throws {
        let first = try job([]).directories
        var arguments = RunArguments()
        arguments.codePath = first.code
        arguments.datasetDirectory = first.dataset
        arguments.logsDirectory = first.logs
        arguments.outputDirectory = first.output
        func work(_ arguments: RunArguments) throws -> String {
            try ManualJob.make(arguments, now: Date(), environment: [:]).directories.work
        }
        #expect(try work(arguments) == first.work)
        arguments.outputDirectory = first.output + "-2"
        #expect(try work(arguments) != first.work)
    }

    @Test func `directories that hold each other are a mistake of whoever typed them`() {
        let failure = #expect(throws: Failure.self) {
            try job(["--work_directory", scratch.path + "/output/work"])
        }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("holds the work directory") == true)
    }

    @Test(arguments: [
        "output/store", "output", ".", "logs/store", "link/store", "output/../output/x",
    ])
    func `a store that the sync would copy into itself is refused`(store: String) throws {
        try makeDirectories(scratch.path + "/output")
        symlink(scratch.path + "/output", scratch.path + "/link")
        let job = try job(["--store", scratch.path + "/" + store])
        let failure = #expect(throws: Failure.self) { try StoreNesting.check(job) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("lie in each other") == true)
        #expect(!exists(scratch.path + "/output/store"))
    }

    @Test func `a store reached through the output's own link is refused`() throws {
        try makeDirectories(scratch.path + "/store")
        symlink(scratch.path + "/store", scratch.path + "/output")
        let job = try job(["--store", "file://" + scratch.path + "/store/deeper"])
        #expect(throws: Failure.self) { try StoreNesting.check(job) }
    }

    @Test(arguments: ["my-bucket", "my-bucket/prefix", "a b", ".hidden"])
    func `a bare word is no store, and both ways to write it are said`(store: String) {
        let failure = #expect(throws: Failure.self) { try job(["--store", store]) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary == "--store: \(quoted(store)) is neither a URL nor a path")
        #expect(failure?.hint?.hasPrefix("give gs://\(store) for a bucket") == true)
        #expect(failure?.hint?.hasSuffix("or ./\(store) for a directory") == true)
        #expect(!exists(scratch.path + "/" + store))
    }

    @Test func `a tilde that no shell replaced is no store either`() {
        let failure = #expect(throws: Failure.self) { try job(["--store", "~/store"]) }
        #expect(failure?.hint == "write $HOME in its place")
    }

    @Test(arguments: [".", "..", "./store", "../store", "/tmp/x", "file:///tmp/x", "gs://b/p"])
    func `a path and a URL are`(store: String) throws {
        #expect(try job(["--store", store]).output != nil)
    }

    @Test(arguments: ["store", "output2", "output-store", "data"])
    func `a store beside the output is taken`(store: String) throws {
        try StoreNesting.check(try job(["--store", scratch.path + "/" + store]))
    }
}
