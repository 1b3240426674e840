import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// A machine and a bucket in one temporary directory, and an engine between them.
final class SyncFixture: Sendable {
    let root: TemporaryDirectory
    let machine: String
    let runner = CountingRunner()
    let records = Mutex<[RunStatus.SyncRecord]>([])
    /// Runs once, when a sync that has something to send notes the time: between the look at the
    /// files and their freezing.
    let beforeFreezing = Mutex<(@Sendable () -> Void)?>(nil)
    let events = Mutex<[(kind: Event.Kind, message: String)]>([])

    var output: String { machine + "/output" }
    var logs: String { machine + "/logs" }
    var code: String { machine + "/code" }
    var run: String { machine + "/run" }
    var state: String { machine + "/state" }
    var bucket: String { root.path + "/bucket" }
    var record: RunStatus.SyncRecord { records.withLock { $0.last } ?? RunStatus.SyncRecord() }

    private let clock: any Clock<Duration>
    /// The code came as an archive, so what the training writes there is taken along.
    private let isRented: Bool

    /// - Parameters:
    ///   - machine: where output, logs and state are, when not beside the bucket.
    ///   - clock: a real one where other programs write meanwhile.
    init(
        machine: String? = nil, clock: any Clock<Duration> = ManualClock(), isRented: Bool = false
    ) throws {
        self.clock = clock
        self.isRented = isRented
        root = try TemporaryDirectory()
        self.machine = machine ?? root.path + "/machine"
        for directory in [output, logs, run, code, bucket] { try makeDirectories(directory) }
    }

    deinit { root.remove() }

    func engine(_ change: (inout Job.Sync) -> Void = { _ in }) throws -> SyncEngine {
        try engine(client: client(), change)
    }

    func withoutStore() throws -> SyncEngine { try engine(client: nil) { _ in } }

    func engine(
        client: StoreClient?, _ change: (inout Job.Sync) -> Void = { _ in }
    ) throws -> SyncEngine {
        var job = try Job.sample(in: machine, output: bucket, createdAt: Date())
        if isRented { job.code.source = "gs://b/code.tar.gz" }
        job.directories.work = machine
        job.directories.dataset = root.path + "/data"
        change(&job.sync)
        return SyncEngine(
            job: job, client: client, runDirectory: run, stateDirectory: state,
            log: Log(toStandardError: false), smallestLink: 0, clock: clock,
            now: { [self] in
                let action = beforeFreezing.withLock { action in
                    defer { action = nil }
                    return action
                }
                action?()
                return Date()
            },
            report: { [self] record in records.withLock { $0.append(record) } },
            event: { [self] kind, message, _ in events.withLock { $0.append((kind, message)) } })
    }

    /// For one part of an engine alone.
    func context() throws -> SyncContext {
        try makeDirectories(state)
        let clock = clock
        return SyncContext(
            settings: Job.Sync(), trees: SyncedTrees(output: output, logs: logs, code: code),
            place: StagingPlace(output: output, stateDirectory: state), runDirectory: run,
            stateDirectory: state, trainer: TrainerWatch(isBlind: true), clock: clock,
            stopwatch: Stopwatch(clock), now: { Date() }, event: { _, _, _ in })
    }

    /// An engine that has restored, so that it may upload.
    func ready(_ change: (inout Job.Sync) -> Void = { _ in }) async throws -> SyncEngine {
        let engine = try engine(change)
        _ = try await engine.restore()
        return engine
    }

    func client() throws -> StoreClient {
        try StoreClient(url: StoreURL(parsing: bucket), runner: runner)
    }

    func write(_ text: String, to path: String) throws {
        try makeDirectories(parentDirectory(path))
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: path)
    }

    /// Written beside and renamed into place, a moment of the kernel's clock later.
    func rename(_ text: String, to path: String) throws {
        try write(text, to: path + ".tmp")
        usleep(10_000)
        #expect(systemRename(path + ".tmp", path) == 0)
    }

    /// The messages of all events of one kind.
    func told(_ kind: Event.Kind) -> [String] {
        events.withLock { $0.filter { $0.kind == kind }.map(\.message) }
    }

    /// What the bucket holds; nil where there is no such object.
    func object(_ path: String) -> String? {
        (try? readFile("\(bucket)/\(path)", limit: 1 << 30)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Changes the bucket's manifest, as nobody should.
    func changeManifest(_ body: (inout Manifest) -> Void) throws {
        var manifest = try manifest()
        body(&manifest)
        try AtomicFile.write(
            JSONFormat.encode(manifest), to: "\(bucket)/\(BucketLayout.manifest)")
    }

    func manifest() throws -> Manifest {
        try JSONFormat.decode(
            Manifest.self, from: readFile("\(bucket)/\(BucketLayout.manifest)"), name: "manifest")
    }
}

extension SyncEngine {
    /// Shortens the waits between attempts.
    func setFirstWait(_ wait: Duration) { retry.first = wait }
}

/// A command that failed at once.
private struct Refused: RunningCommand {
    let pid: Int32 = 0
    func wait() async -> CommandResult {
        CommandResult(termination: .exited(1), errorOutput: "refused")
    }
    func send(_ signal: Int32) {}
}

/// Runs real commands, counts them, and fails those it is told to.
final class CountingRunner: CommandRunner {
    private let state = Mutex<(commands: [Command], failing: Bool)>(([], false))
    private let hook = Mutex<(@Sendable (Command) -> Void)?>(nil)

    /// The next command never ends by itself; `meanwhile` is told once it has started.
    func hang(_ meanwhile: @escaping @Sendable (Command) -> Void) {
        hook.withLock { $0 = meanwhile }
    }

    var commands: [Command] { state.withLock { $0.commands } }
    var isFailing: Bool {
        get { state.withLock { $0.failing } }
        set { state.withLock { $0.failing = newValue } }
    }

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        let action = hook.withLock { hook in
            defer { hook = nil }
            return hook
        }
        if let action {
            let child = try PosixRunner().start(Command("sleep", ["1000"]))
            action(command)
            return child
        }
        let fails = state.withLock { state in
            state.commands.append(command)
            return state.failing
        }
        if fails { return Refused() }
        return try PosixRunner().start(command, onOutput: onOutput)
    }
}

private func systemRename(_ old: String, _ new: String) -> Int32 { rename(old, new) }
