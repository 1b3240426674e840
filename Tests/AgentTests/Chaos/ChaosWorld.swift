import Dispatch
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// Directories of one machine and one bucket, with writers that do their worst. Codable, so that a
/// child process in which an engine is killed can have the same.
struct ChaosWorld: Codable, Sendable {
    let root: String
    var store = ChaosStore.directory
    /// The machine has a disk of its own, which somebody fills.
    var isDiskSmall = false

    var machine: String { root + "/machine" }
    var output: String { machine + "/output" }
    var logs: String { machine + "/logs" }
    var run: String { machine + "/run" }
    var state: String { machine + "/state" }
    var bucket: String { root + "/bucket" }
    static let scripts = parentDirectory(#filePath)

    static func make(_ store: ChaosStore, diskMegabytes: Int?) throws -> ChaosWorld {
        let root = try TemporaryDirectory(prefix: "chaos").path
        let world = ChaosWorld(root: root, store: store, isDiskSmall: diskMegabytes != nil)
        try makeDirectories(world.machine)
        if let diskMegabytes {
            try SmallDisk.make(at: world.machine, megabytes: diskMegabytes)
        }
        try world.makeMachine()
        return world
    }

    func remove() {
        if isDiskSmall { SmallDisk.unmount(machine) }
        removeTree(root)
    }

    func makeMachine() throws {
        for directory in [output, logs, run, bucket] { try makeDirectories(directory) }
        try AtomicFile.write(Data("{}".utf8), to: run + "/status.json")
    }

    /// Where the run's objects are, as the engine is told.
    var url: String { store.url ?? bucket }

    /// - Parameter faults: how often of 100 commands one goes wrong.
    func engine(seed: UInt64, faults: Int) throws -> SyncEngine {
        var job = try Job.sample(in: machine, output: url, createdAt: Date())
        job.directories.work = machine
        job.code.source = root
        (job.directories.code, job.directories.dataset) = (root, root)
        job.sync.intervalSeconds = 0.15
        job.sync.maxStalenessSeconds = 1
        // A last sync that can never succeed is to be told, not waited for.
        job.sync.finalSyncTimeoutSeconds = 120
        let client = try store.client(
            bucket: bucket, state: root + "/transfers",
            runner: FaultyRunner(
                seed: seed, faults: faults, kinds: store.faults, environment: store.environment),
            hangs: faults > 0)
        let chance = Mutex(SeededGenerator(seed: seed))
        return SyncEngine(
            job: job, client: client, runDirectory: run, stateDirectory: state,
            log: Log(toStandardError: false), smallestLink: 0, clock: ContinuousClock(),
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
        try await store.fetch(into: bucket, state: state, root: root)
        let arguments =
            ["\(Self.scripts)/check.py", bucket] + (isResting ? [output, logs] : [])
        let text = try await PosixRunner().output(of: Command("python3", arguments))
        return try JSONFormat.decoder().decode([String].self, from: Data(text.utf8))
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
