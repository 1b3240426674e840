import Synchronization
import TestSupport
import Testing

@testable import Shared

/// An object that another sync replaces while it is being read.
@Suite struct ReplacedObjectTests {
    /// What gsutil 5.38 printed of a status that was replaced at that moment.
    private static let words =
        "NotFoundException: 404 gs://run-output/run/status.json does not exist.\n"

    @Test(
        .enabled(
            if: isInstalled("gsutil") && Emulator.canRun(.google), "gsutil is not installed"),
        arguments: [1, 4])
    func `an object that is replaced at that moment is read again`(times: Int) async throws {
        let emulator = try await Emulator.shared(.google)
        let bucket = try await emulator.makeBucket()
        try emulator.put(Data("new".utf8), bucket: bucket, name: "run/status.json")
        let client = try client(bucket, emulator, times: times)
        #expect(try await client.read("run/status.json") == Data("new".utf8))
    }

    @Test(
        .enabled(
            if: isInstalled("gsutil") && Emulator.canRun(.google), "gsutil is not installed"))
    func `one that never holds still is told`() async throws {
        let emulator = try await Emulator.shared(.google)
        let client = try client(try await emulator.makeBucket(), emulator, times: 100)
        await #expect(throws: Failure.self) { try await client.read("run/status.json") }
    }

    private func client(
        _ bucket: String, _ emulator: Emulator, times: Int
    ) throws -> StoreClient {
        try StoreClient(
            url: StoreURL(parsing: "gs://\(bucket)"), access: emulator.access(),
            runner: ReplacingRunner(inner: emulator.runner(), times: times, words: Self.words))
    }
}

/// Commands whose object is replaced under them, the first few times.
private final class ReplacingRunner: CommandRunner {
    private let inner: any CommandRunner
    private let left: Mutex<Int>
    private let words: String

    init(inner: any CommandRunner, times: Int, words: String) {
        self.inner = inner
        left = Mutex(times)
        self.words = words
    }

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        let isReplaced = left.withLock { left in
            left -= 1
            return left >= 0
        }
        if isReplaced { return Replaced(words: words) }
        return try inner.start(command, onOutput: onOutput)
    }

    private struct Replaced: RunningCommand {
        let pid: Int32 = 0
        let words: String

        func wait() async -> CommandResult {
            CommandResult(termination: .exited(1), errorOutput: words)
        }

        func send(_ signal: Int32) {}
    }
}
