import Shared
import Synchronization
import TestSupport

@testable import Agent

/// Where a chaos test keeps its objects: a directory, or an emulated cloud behind its real tool.
struct ChaosStore: Codable, Sendable {
    /// Nil for a directory.
    var url: String?
    /// What leads the tool to the emulator; nil unsets a name.
    var environment: [String: String?] = [:]
    /// What goes wrong with a command: see store.py.
    var faults: [String]
    /// A tool starts slowly; what hangs is not noticed earlier.
    var stallSeconds: Double
    /// For how long an engine lives, at least and at most.
    var milliseconds: ClosedRange<UInt32>

    static let directory = ChaosStore(
        url: nil,
        faults: ["late", "busy", "unavailable", "half", "killed", "hang", "no_answer"],
        stallSeconds: 1, milliseconds: 200...2500)

    /// A fresh bucket of an emulator.
    static func bucket(_ scheme: String, of emulator: Emulator) async throws -> ChaosStore {
        ChaosStore(
            url: "\(scheme)://\(try await emulator.makeBucket())/run",
            environment: emulator.environment,
            faults: ["late", "busy", "unavailable", "cut", "no_answer"],
            stallSeconds: 60, milliseconds: 3000...12_000)
    }

    /// - Parameter hangs: whether a command may hang. Where none does, none is stopped either: on a busy
    ///   computer a disk alone can keep one waiting for longer than such a short time-out.
    func client(
        bucket: String, state: String, runner: any CommandRunner, hangs: Bool
    ) throws -> StoreClient {
        try StoreClient(
            url: StoreURL(parsing: url ?? bucket), access: StoreAccess(stateDirectory: state),
            runner: runner, stallTimeout: .seconds(hangs ? stallSeconds : 120))
    }

    /// Brings all objects into the directory `bucket`, where they are looked at.
    ///
    /// - Parameter state: of an engine whose transfers may have outlived it: they are ended first,
    ///   since they would go on changing what is being fetched.
    func fetch(into bucket: String, state: String, root: String) async throws {
        guard url != nil else { return }
        OrphanedTransfers.end(of: state)
        removeTree(bucket)
        let client = try client(
            bucket: bucket, state: root + "/transfers",
            runner: EnvironmentRunner(environment: environment), hangs: false)
        try await client.download(tree: "", to: bucket)
    }
}

/// Puts a failing store in front of each command, by chance.
final class FaultyRunner: CommandRunner {
    private let chance: Mutex<SeededGenerator>
    private let faults: Int
    private let kinds: [String]
    private let environment: [String: String?]

    init(seed: UInt64, faults: Int, kinds: [String], environment: [String: String?]) {
        chance = Mutex(SeededGenerator(seed: seed))
        self.faults = faults
        self.kinds = kinds
        self.environment = environment
    }

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        let (roll, kind, seed) = chance.withLock { chance in
            (
                Int.random(in: 0..<100, using: &chance),
                kinds.randomElement(using: &chance) ?? "busy", chance.next()
            )
        }
        var faulty = command
        faulty.environment = environment.merging(command.environment) { $1 }
        guard roll < faults else { return try PosixRunner().start(faulty, onOutput: onOutput) }
        faulty.executable = "python3"
        faulty.arguments =
            ["\(ChaosWorld.scripts)/store.py", kind, "\(seed)", command.executable]
            + command.arguments
        return try PosixRunner().start(faulty, onOutput: onOutput)
    }
}
