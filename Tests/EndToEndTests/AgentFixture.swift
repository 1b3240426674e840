import Shared
import TestSupport
import Testing

/// One run of the built agent in a directory of its own, with code written by the test.
struct AgentFixture {
    let root: TemporaryDirectory
    let job: Job

    var output: String { root.path + "/machine/output" }
    var bucket: String { root.path + "/bucket" }
    var jobPath: String { root.path + "/job.json" }

    /// Runs `body` and removes everything after it, whatever it throws.
    ///
    /// - Parameters:
    ///   - main: the body of `training_module/main.py`.
    ///   - files: more files of the code, such as `requirements.txt`.
    ///   - change: what is different in the job.
    static func with<Result>(
        main: String, files: [String: String] = [:], change: (inout Job) -> Void = { _ in },
        _ body: (AgentFixture) async throws -> Result
    ) async throws -> Result {
        let root = try TemporaryDirectory(prefix: "agent")
        defer { root.remove() }
        let fixture = try AgentFixture(root: root, main: main, files: files, change: change)
        // A trainer outlives its agent; none outlives its test.
        defer { MarkedProcesses.end(MarkedProcesses.trainer, fixture.job.directories.work) }
        return try await body(fixture)
    }

    private init(
        root: TemporaryDirectory, main: String, files: [String: String],
        change: (inout Job) -> Void
    ) throws {
        self.root = root
        let machine = root.path + "/machine"
        let code = root.path + "/code"
        for (path, text) in files.merging(
            ["training_module/main.py": main], uniquingKeysWith: { $1 })
        {
            try makeDirectories(parentDirectory(code + "/" + path))
            try AtomicFile.write(Data(text.utf8), to: code + "/" + path)
        }
        try makeDirectories(root.path + "/dataset")
        try AtomicFile.write(Data("1,2,3\n".utf8), to: root.path + "/dataset/beer.csv")
        var job = try Job.sample(
            in: machine, output: "file://\(root.path)/bucket", createdAt: Date())
        job.run = try RunName(
            cloud: "local", projectName: "test", codeName: "code", datasetName: "beer")
        job.code.source = code
        job.directories.code = code
        job.directories.work = machine
        job.dataset = "file://\(root.path)/dataset"
        job.sync.intervalSeconds = 0.3
        job.graceSeconds = 2
        job.restartWaitSeconds = 0
        change(&job)
        self.job = job
        try AtomicFile.write(JSONFormat.encode(job), to: jobPath)
    }

    /// Starts `train-agent run --job job.json`.
    ///
    /// - Parameter tools: programs that are found before the machine's own: names and scripts.
    func start(tools: [String: String] = [:]) throws -> any RunningCommand {
        var command = Command(BuiltProducts.agent, ["run", "--job", jobPath])
        command.environment = ["HOME": root.path, "TMPDIR": root.path]
        if !tools.isEmpty {
            let directory = root.path + "/tools"
            try makeDirectories(directory)
            for (name, script) in tools {
                try AtomicFile.write(
                    Data("#!/bin/sh\n\(script)\n".utf8), to: directory + "/" + name, mode: 0o755)
            }
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            command.environment["PATH"] = directory + ":" + path
        }
        return try PosixRunner().start(command)
    }

    /// The status in the bucket.
    func status() throws -> RunStatus {
        let path = bucket + "/" + BucketLayout.status
        return try JSONFormat.decode(RunStatus.self, from: readFile(path), name: path)
    }

    /// The status on the machine, which is there earlier.
    func machineStatus() -> RunStatus? {
        let path = job.work.status
        return (try? readFile(path)).flatMap {
            try? JSONFormat.decode(RunStatus.self, from: $0, name: path)
        }
    }

    /// What the trainer's keeper wrote, as text.
    func keeperRecord() -> String {
        let data = (try? readFile(job.directories.work + "/trainer.json")) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    func manifest() throws -> Manifest {
        let path = bucket + "/" + BucketLayout.manifest
        return try JSONFormat.decode(Manifest.self, from: readFile(path), name: path)
    }

    func inBucket(_ path: String) -> String? {
        (try? readFile(bucket + "/" + path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What must hold at the end of every run, however it went.
    func expectEnded(_ kind: Outcome.Kind) throws {
        let status = try status()
        #expect(status.outcome?.kind == kind, "\(status.outcome?.message ?? "no outcome")")
        #expect(status.phase == .finished)
        #expect(try manifest().final)
        #expect(inBucket(BucketLayout.events)?.contains("\"outcome\"") == true)
    }
}
