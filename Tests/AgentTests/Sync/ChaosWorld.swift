import Dispatch
import Shared
import Synchronization
import Testing

@testable import Agent

/// Directories of one machine and one bucket, with writers that do their worst. Codable, so that a
/// child process in which an engine is killed can have the same.
struct ChaosWorld: Codable, Sendable {
    let root: String

    var output: String { root + "/machine/output" }
    var logs: String { root + "/machine/logs" }
    var run: String { root + "/machine/run" }
    var state: String { root + "/machine/state" }
    var bucket: String { root + "/bucket" }
    static let scripts = parentDirectory(#filePath) + "/../../Chaos"

    func makeMachine() throws {
        for directory in [output, logs, run, bucket] { try makeDirectories(directory) }
        try AtomicFile.write(Data("{}".utf8), to: run + "/status.json")
    }

    /// - Parameter faults: how often of 100 commands one goes wrong.
    func engine(seed: UInt64, faults: Int) throws -> SyncEngine {
        var job = Job(
            run: try RunName(cloud: "local", projectName: "p", codeName: "c", datasetName: "d"),
            code: Job.Code(source: ".", module: "m"), dataset: "/d", output: bucket,
            directories: Job.Directories(
                work: root + "/machine", code: root, dataset: root, output: output, logs: logs),
            createdAt: Date())
        job.sync.intervalSeconds = 0.15
        job.sync.maxStalenessSeconds = 1
        let client = try StoreClient(
            url: StoreURL(parsing: bucket), runner: FaultyRunner(seed: seed, faults: faults),
            stallTimeout: .seconds(1))
        let chance = Mutex(SeededGenerator(seed: seed))
        return SyncEngine(
            job: job, client: client, runDirectory: run, stateDirectory: state,
            log: Log(toStandardError: false), clock: ContinuousClock(),
            // A clock that jumps by years, at every look.
            now: {
                Date(timeIntervalSince1970: chance.withLock { .random(in: 0..<4e9, using: &$0) })
            },
            report: { _ in }, event: { _, _, _ in })
    }

    /// One engine in a process of its own, which is killed.
    struct Life: Codable, Sendable {
        var world: ChaosWorld
        var seed: UInt64
        var milliseconds: UInt32
        /// The trainer before was killed.
        var afterCrash: Bool

        /// Restores, then syncs until this very process is killed.
        func live() async {
            // The test waits until nobody holds its end of a pipe; a transfer that outlives this
            // process must not.
            for descriptor in Int32(3)..<256 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            let milliseconds = milliseconds
            DispatchQueue.global().async {
                usleep(milliseconds * 1000)
                kill(getpid(), SIGKILL)
            }
            guard let engine = try? world.engine(seed: seed, faults: 40) else { return }
            await engine.setFirstWait(.milliseconds(100))
            if afterCrash { await engine.trainerEnded(abnormally: true) }
            _ = try? await engine.restore()
            await engine.loop()
        }
    }

    func startWriters(_ kinds: [String], seed: UInt64) throws -> [any RunningCommand] {
        try kinds.map { kind in
            var command = Command(
                "python3", ["\(Self.scripts)/writers.py", kind, output, logs, "\(seed)"])
            command.output = .discard
            command.errorOutput = .append(path: root + "/writers.log")
            return try PosixRunner().start(command)
        }
    }

    /// What is wrong in the bucket; with `isResting` everything on the machine must be there too.
    func violations(isResting: Bool) async throws -> [String] {
        let arguments =
            ["\(Self.scripts)/check.py", bucket] + (isResting ? [output, logs] : [])
        let text = try await PosixRunner().output(of: Command("python3", arguments))
        return try JSONFormat.decoder().decode([String].self, from: Data(text.utf8))
    }
}

/// Puts a failing store in front of each command, by chance.
private final class FaultyRunner: CommandRunner {
    private let chance: Mutex<SeededGenerator>
    private let faults: Int
    private static let kinds = [
        "late", "busy", "unavailable", "half", "killed", "hang", "no_answer",
    ]

    init(seed: UInt64, faults: Int) {
        chance = Mutex(SeededGenerator(seed: seed))
        self.faults = faults
    }

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        let (roll, kind, seed) = chance.withLock { chance in
            (
                Int.random(in: 0..<100, using: &chance),
                Self.kinds.randomElement(using: &chance) ?? "busy", chance.next()
            )
        }
        guard roll < faults else { return try PosixRunner().start(command, onOutput: onOutput) }
        var faulty = command
        faulty.executable = "python3"
        faulty.arguments =
            ["\(ChaosWorld.scripts)/store.py", kind, "\(seed)", command.executable]
            + command.arguments
        return try PosixRunner().start(faulty, onOutput: onOutput)
    }
}

/// SplitMix64: the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
