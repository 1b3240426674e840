import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// The last check and a restore prove content by what each store lists, through its real tool.
@Suite(.serialized) struct ProofOverToolsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var scheme: String
        var kind: Emulator.Kind
        var tool: String
        /// How often its files say what they say.
        var times = 1
        /// Takes a road that another row takes too.
        var isSlow = false
        var testDescription: String {
            "\(scheme):// by \(tool)" + (times > 1 ? ", in parts" : "")
        }

        func text(_ word: String) -> String { String(repeating: word, count: times) }

        func url(_ bucket: String) throws -> StoreURL {
            let place = kind == .azure ? "devstoreaccount1/\(bucket)" : bucket
            return try StoreURL(parsing: "\(scheme)://\(place)/run")
        }
    }

    /// Set TRAIN_SLOW_TESTS for all there is.
    static let isSlowWelcome = ProcessInfo.processInfo.environment["TRAIN_SLOW_TESTS"] != nil
    static let rows = [
        Row(scheme: "s3", kind: .amazon, tool: "aws"),
        Row(scheme: "s3", kind: .amazon, tool: "aws", times: 1_300_000),
        Row(scheme: "az", kind: .azure, tool: "rclone"),
        Row(scheme: "s3", kind: .amazon, tool: "rclone", isSlow: true),
        Row(scheme: "gs", kind: .google, tool: "gsutil", isSlow: true),
    ].filter {
        Emulator.canRun($0.kind) && isInstalled($0.tool) && (!$0.isSlow || isSlowWelcome)
    }
    static let needed: Comment = "no tool of a store with its emulator is here"
    private let path = "output/model.pt"

    @Test(.enabled(if: !rows.isEmpty, needed), arguments: rows)
    func `an object replaced by others of its size is noticed, and sent again`(
        row: Row
    ) async throws {
        let emulator = try await Emulator.shared(row.kind)
        let bucket = try await emulator.makeBucket()
        let client = try StoreClient(
            url: row.url(bucket), access: emulator.access(tool: row.tool),
            runner: emulator.runner())
        let fixture = try SyncFixture()
        let weights = row.text("weights")
        let others = fixture.root.path + "/others"
        try fixture.write(row.text("WEIGHTS"), to: others)
        try fixture.rename(weights, to: fixture.output + "/model.pt")
        let first = try fixture.engine(client: client)
        _ = try await first.restore()
        await first.tick()
        #expect(fixture.record.lastError == nil)
        try await client.upload(file: others, as: path)
        // A process that knows it from the journal alone.
        try await finish(fixture, client)
        #expect(try await client.read(path, limit: 1 << 30) == Data(weights.utf8))
        #expect(fixture.told(.retry).contains { $0.contains("1 files differ") })

        // A machine that has it from the bucket.
        let other = try SyncFixture()
        let next = try other.engine(client: client)
        #expect(try await next.restore() == 1)
        try await client.upload(file: others, as: path)
        await next.setFirstWait(.milliseconds(10))
        try await next.finish(until: nil)
        #expect(try await client.read(path, limit: 1 << 30) == Data(weights.utf8))
        #expect(other.record.verified)
        #expect(!other.told(.warning).contains { $0.contains("MD5") })
    }

    private func finish(_ fixture: SyncFixture, _ client: StoreClient) async throws {
        let engine = try fixture.engine(client: client)
        #expect(try await engine.restore() == 0)
        await engine.setFirstWait(.milliseconds(10))
        try await engine.finish(until: nil)
        #expect(fixture.record.verified)
    }

    @Test(.enabled(if: !rows.isEmpty, needed), arguments: rows)
    func `what an agent killed in mid-sync had replaced comes back`(row: Row) async throws {
        let emulator = try await Emulator.shared(row.kind)
        let bucket = try await emulator.makeBucket()
        let name = "run/\(path)"
        let runner = DyingRunner(emulator.runner()) {
            (try? emulator.get(bucket: bucket, name: name)) == Data(row.text("WEIGHTS").utf8)
        }
        let access = emulator.access(tool: row.tool)
        let dying = try StoreClient(url: row.url(bucket), access: access, runner: runner)
        let fixture = try SyncFixture()
        try fixture.rename(row.text("weights"), to: fixture.output + "/model.pt")
        try fixture.rename("other", to: fixture.output + "/other.pt")
        let engine = try fixture.engine(client: dying)
        _ = try await engine.restore()
        await engine.tick()
        #expect(fixture.record.lastError == nil)
        let newer = row.text("WEIGHTS")
        try fixture.rename(newer, to: fixture.output + "/model.pt")
        runner.dieInMidUpload()
        await engine.tick()
        #expect(fixture.record.lastError != nil)

        let client = try StoreClient(
            url: row.url(bucket), access: access, runner: emulator.runner())
        #expect(try await manifest(client).files.map(\.crc32c).first == crc32c(row.text("weights")))
        let other = try SyncFixture()
        let next = try other.engine(client: client)
        #expect(try await next.restore() == 2)
        let restored = try readFile(other.output + "/model.pt", limit: 1 << 30)
        #expect(restored == Data(newer.utf8))
        try await next.finish(until: nil)
        let final = try await manifest(client)
        #expect(final.final)
        #expect(final.files.map(\.crc32c) == [crc32c(newer), crc32c("other")])
    }

    /// What a bucket whose default encryption is KMS lists.
    @Test(
        .enabled(
            if: Emulator.canRun(.amazon) && isInstalled("aws"), "aws or its emulator is not here"))
    func `tags that only look like an MD5 do not keep a run from being verified`() async throws {
        let emulator = try await Emulator.shared(.amazon)
        let url = try StoreURL(parsing: "s3://\(try await emulator.makeBucket())/run")
        let client = try StoreClient(
            url: url, access: emulator.access(tool: "aws"),
            runner: ForeignTagsRunner(runner: emulator.runner()))
        let fixture = try SyncFixture()
        try fixture.rename("weights", to: fixture.output + "/model.pt")
        try fixture.rename("other weights", to: fixture.output + "/other.pt")
        let engine = try fixture.engine(client: client)
        _ = try await engine.restore()
        try await engine.finish(until: nil)
        #expect(fixture.record.verified)
        #expect(fixture.told(.warning).filter { $0.contains("lists as MD5 is none") }.count == 1)
        #expect(fixture.told(.retry) == [])
        #expect(!exists(fixture.state + "/staging/read-back"))
    }

    @Test func `a store that lists CRC32C pays for no MD5`() async throws {
        let fixture = try SyncFixture()
        try fixture.rename("weights", to: fixture.output + "/model.pt")
        let engine = try await fixture.ready()
        await engine.tick()
        var journal = LedgerFile(path: fixture.state + "/index.tsv")
        let ups = journal.load().compactMap { entry -> FileTable.Uploaded? in
            guard case .uploaded(_, let up) = entry else { return nil }
            return up
        }
        #expect(ups.map(\.crc32c) == [crc32c("weights")])
        #expect(ups.map(\.md5) == [nil])
    }

    private func manifest(_ client: StoreClient) async throws -> Manifest {
        try JSONFormat.decode(
            Manifest.self, from: #require(try await client.read(BucketLayout.manifest)),
            name: BucketLayout.manifest)
    }

    private func crc32c(_ text: String) -> UInt32 { CRC32C.of(Data(text.utf8)) }
}

/// An agent's death: the upload that is going on is killed as soon as its first object is up, and
/// nothing runs any more.
private final class DyingRunner: CommandRunner {
    private enum Life { case healthy, dieInUpload, dead }

    private let runner: any CommandRunner
    private let isUp: @Sendable () -> Bool
    private let life = Mutex(Life.healthy)

    init(_ runner: any CommandRunner, isUp: @escaping @Sendable () -> Bool) {
        self.runner = runner
        self.isUp = isUp
    }

    func dieInMidUpload() { life.withLock { $0 = .dieInUpload } }

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        let former = life.withLock { life in
            defer { if life == .dieInUpload { life = .dead } }
            return life
        }
        if former == .dead { throw Failure("this agent is dead") }
        let started = try runner.start(command, onOutput: onOutput)
        guard former == .dieInUpload else { return started }
        return Dying(command: started, isUp: isUp)
    }

    private struct Dying: RunningCommand {
        let command: any RunningCommand
        let isUp: @Sendable () -> Bool
        var pid: Int32 { command.pid }

        func wait() async -> CommandResult {
            let ended = Latch()
            Task {
                _ = await command.wait()
                ended.set()
            }
            while !isUp(), !ended.isSet { try? await Task.sleep(for: .milliseconds(2)) }
            command.send(SIGKILL)
            return await command.wait()
        }

        func send(_ signal: Int32) { command.send(signal) }
    }
}

/// Lists each tag with its digits in reverse order.
private struct ForeignTagsRunner: CommandRunner {
    let runner: any CommandRunner

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        let started = try runner.start(command, onOutput: onOutput)
        guard command.arguments.contains("list-objects-v2") else { return started }
        return Listing(command: started)
    }

    private struct Listing: RunningCommand {
        let command: any RunningCommand
        var pid: Int32 { command.pid }
        func send(_ signal: Int32) { command.send(signal) }

        func wait() async -> CommandResult {
            var result = await command.wait()
            result.output = result.output.replacing(/[0-9a-f]{32}/) { String($0.output.reversed()) }
            return result
        }
    }
}
