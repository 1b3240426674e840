import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// How runs are looked at, and what of them a reading command may say and may not remove.
@Suite(.timeLimit(.minutes(2))) struct RunStoreTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    /// Runs the stores' commands for real and answers the cloud's tool.
    private struct ToolRunner: CommandRunner {
        /// What `gcloud` prints; nil for a tool that is not logged in.
        let answer: String?
        let recorder = RecordingRunner()

        func start(
            _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
        ) throws -> any RunningCommand {
            guard command.executable == "gcloud" else {
                return try recorder.start(command, onOutput: onOutput)
            }
            return try ScriptedRunner { _ in
                CommandResult(
                    termination: .exited(answer == nil ? 1 : 0), output: answer ?? "",
                    errorOutput: answer == nil ? "not logged in" : "")
            }.start(command, onOutput: onOutput)
        }
    }

    private func machine() throws -> Machine {
        var outputs = Dictionary(
            uniqueKeysWithValues: [
                "instance_name", "instance_id", "zone", "region", "project", "public_ip",
                "ssh_user", "console_url", "output_bucket_url",
            ].map { ($0, ["value": JSONValue.string("us-central1-a")]) })
        outputs["billing"] = ["value": .array([])]
        return try Machine(terraformOutput: JSONEncoder().encode(outputs))
    }

    /// A run on a rented cloud whose buckets are directories; its agent spoke just now.
    private func remember(_ code: String, stateBucket: Bool = false) throws -> RunFolder {
        let name = try RunName(
            cloud: "gcp", projectName: "acme", codeName: code, datasetName: "beer")
        let bucket = "\(laptop.scratch.path)/bucket-\(code)"
        var record = RunRecord(
            run: name, createdAt: Date(), codePath: "/c", module: "m", dataset: "gs://d",
            output: "file://\(bucket)")
        record.stage = .started
        record.machine = try machine()
        if stateBucket {
            let place = "\(laptop.scratch.path)/team/\(name.slug)"
            try makeDirectories(place)
            record.stateBucket = "file://\(place)"
        }
        let folder = try laptop.context.state.folder(of: name)
        try makeDirectories(folder.path)
        try folder.write(record)
        var status = RunStatus(run: name, startedAt: Date())
        status.phase = .train
        try makeDirectories(bucket + "/run")
        try AtomicFile.write(JSONFormat.encode(status), to: bucket + "/run/status.json")
        return folder
    }

    private func place(of folder: RunFolder) throws -> String {
        try StoreURL(parsing: try #require(try folder.record().stateBucket)).path
    }

    private func with(_ runner: any CommandRunner) -> LauncherSandbox {
        var laptop = laptop
        laptop.context.runner = runner
        return laptop
    }

    // MARK: Looking

    @Test func `a look reads the status once`() async throws {
        _ = try remember("one")
        let runner = RecordingRunner()
        #expect(await with(runner).train("status", "one/beer") == 0, "\(laptop.heard.errors)")
        #expect(laptop.heard.outputs.contains("one/beer on gcp: "))
        let reads = runner.commands.filter { $0.arguments.contains { $0.hasSuffix("status.json") } }
        #expect(reads.count == 1, "\(reads)")
    }

    /// Ends no command before `expected` of them were started.
    private final class MeetingRunner: CommandRunner {
        private let started = Mutex(0)
        private let expected: Int

        init(expected: Int) { self.expected = expected }

        private var haveMet: Bool { started.withLock { $0 >= expected } }

        func start(
            _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
        ) throws -> any RunningCommand {
            started.withLock { $0 += 1 }
            return Waiting(
                inner: try PosixRunner().start(command, onOutput: onOutput), meeting: self)
        }

        private struct Waiting: RunningCommand {
            let inner: any RunningCommand
            let meeting: MeetingRunner
            var pid: Int32 { inner.pid }
            func wait() async -> CommandResult {
                while !meeting.haveMet, !Task.isCancelled { await Task.yield() }
                return await inner.wait()
            }
            func send(_ signal: Int32) { inner.send(signal) }
        }
    }

    @Test func `the list looks at its runs side by side`() async throws {
        for code in ["one", "two", "three"] { _ = try remember(code) }
        #expect(await with(MeetingRunner(expected: 3)).train("list") == 0)
        for code in ["one", "two", "three"] {
            #expect(laptop.heard.outputs.contains("\(code)/beer"))
        }
    }

    @Test func `a run that cannot be looked at is in the list with its reason`() async throws {
        let folder = try remember("one")
        try AtomicFile.write(Data("{".utf8), to: folder.recordPath)
        let other = try remember("two")
        let status = try StoreURL(parsing: other.record().output).path + "/run/status.json"
        try AtomicFile.write(Data(#"{"version": 99}"#.utf8), to: status)
        #expect(await laptop.train("list") == 1)
        #expect(!laptop.heard.outputs.contains("no run is known here"))
        #expect(laptop.heard.outputs.contains("\(folder.path)"))
        #expect(laptop.heard.outputs.contains("two/beer"))
        #expect(laptop.heard.errors.contains("version is 99"))
        let before = laptop.heard.outputs
        #expect(await laptop.train("list", "--json") == 1)
        let rows = try JSONDecoder().decode(
            [JSONValue].self, from: Data(laptop.heard.outputs.dropFirst(before.count).utf8))
        let problems = rows.compactMap { row -> String? in
            guard case .object(let fields) = row, case .string(let text)? = fields["problem"]
            else { return nil }
            return text
        }
        #expect(problems.count == 2)
        #expect(problems.contains { $0.contains("version is 99") })
    }

    @Test func `without any run the list says so`() async throws {
        #expect(await laptop.train("list") == 0)
        #expect(laptop.heard.outputs == "no run is known here\n")
    }

    // MARK: The state bucket

    @Test(
        arguments: [
            ("default.tfstate", "[]"), (nil, #"[{"name": "m", "labels": {"run": "SLUG"}}]"#),
            (nil, nil),
        ] as [(String?, String?)])
    func `a run that the state bucket has lost is kept and said`(
        left: String?, answer: String?
    ) async throws {
        let folder = try remember("one", stateBucket: true)
        let slug = try folder.record().run.slug
        if let left {
            try AtomicFile.write(Data("{}".utf8), to: try place(of: folder) + "/" + left)
        }
        let runner = ToolRunner(answer: answer?.replacing("SLUG", with: slug))
        for command in [["list"], ["status", "one/beer"]] {
            #expect(await with(runner).train(command) == 0, "\(laptop.heard.errors)")
        }
        #expect(laptop.heard.outputs.contains("the state bucket has lost this run; "))
        #expect(laptop.heard.outputs.contains("state bucket  has lost this run"))
        #expect(exists(folder.recordPath))
    }

    @Test func `a run that another computer finished is said, and removed by the next finish`()
        async throws
    {
        let folder = try remember("one", stateBucket: true)
        let laptop = with(ToolRunner(answer: "[]"))
        for command in [["list"], ["status", "one/beer"]] {
            #expect(await laptop.train(command) == 0, "\(laptop.heard.errors)")
            #expect(exists(folder.recordPath))
        }
        #expect(laptop.heard.outputs.contains("finished elsewhere"))
        #expect(laptop.heard.outputs.contains("another computer has finished it"))
        #expect(await laptop.train("finish", "one/beer") == 1)
        #expect(laptop.heard.errors.contains("another computer has finished it"))
        #expect(!folder.exists)
    }
}
