import Shared
import Synchronization

/// What the phases of one run share.
final class RunContext: Sendable {
    let job: Job
    let host: Host
    let stop: StopRequest
    let board: StatusBoard
    let engine: SyncEngine
    private let kept: Mutex<Journal>
    private let secretsRead = Mutex<[String: String]>([:])

    init(
        job: Job, host: Host, stop: StopRequest, board: StatusBoard, engine: SyncEngine,
        journal: Journal
    ) {
        self.job = job
        self.host = host
        self.stop = stop
        self.board = board
        self.engine = engine
        self.kept = Mutex(journal)
    }

    var journal: Journal { kept.withLock { $0 } }

    var environment: VirtualEnvironment {
        VirtualEnvironment(directory: job.directories.work + "/venv")
    }

    /// The log of pip and install.sh.
    var setupLog: String { job.directories.logs + "/" + BucketLayout.setupLog }

    /// What the job's environment and its secrets give together.
    var trainerEnvironment: [String: String] {
        job.environment.merging(secretsRead.withLock { $0 }) { _, secret in secret }
    }

    func keep(secrets: [String: String]) { secretsRead.withLock { $0 = secrets } }

    /// Changes the journal and writes it, fsynced.
    ///
    /// - Throws: `Failure` where the disk does not take it.
    func record(_ change: (inout Journal) -> Void) throws {
        try kept.withLock { journal in
            change(&journal)
            try journal.save(in: job.directories.work)
        }
    }

    /// A store's objects, with this run's runner and time-outs.
    func client(for url: String) throws -> StoreClient {
        try Self.client(for: url, of: job, host.runner)
    }

    static func client(
        for url: String, of job: Job, _ runner: any CommandRunner
    ) throws -> StoreClient {
        try StoreClient(
            url: StoreURL(parsing: url), access: .ofMachine(tool: job.sync.transferTool),
            runner: runner, stallTimeout: .seconds(job.sync.transferTimeoutSeconds))
    }

    /// The store that holds one object, and the object's name in it.
    func client(forObject url: String) throws -> (client: StoreClient, name: String) {
        var place = try StoreURL(parsing: url)
        let name = place.path.split(separator: "/").last.map(String.init) ?? ""
        place.path = String(place.path.dropLast(name.count + 1))
        return (try client(for: place.description), name)
    }

    /// Waits that a set-up step makes between its attempts, each told as an event.
    func retrying<Result: Sendable>(
        _ phase: Phase, _ body: () async throws -> Result
    ) async throws -> Result {
        var retry = Retry()
        retry.clock = host.clock
        retry.longest = .seconds(20)
        var failures = 0
        return try await retry.run(
            attempts: .max,
            isWorthwhile: { error in
                failures += 1
                return SetupPatience.isWorthwhile(
                    error, failures: failures, cloud: job.run.cloud,
                    age: host.now().timeIntervalSince(job.createdAt))
            },
            onFailure: { error, pause in
                let seconds = Int(pause.seconds.rounded(.up))
                board.event(.retry, phase: phase, "\(error); again in \(seconds) s")
            }, body)
    }
}
