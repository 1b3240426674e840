import Shared
import Synchronization

/// What the phases of one run share.
final class RunContext: Sendable {
    let job: Job
    let host: Host
    let stop: StopRequest
    let board: StatusWriter
    let engine: SyncEngine
    let capsule: CapsuleWriter
    let logIndex: LogIndexWriter
    let progress: ProgressWatch
    let webhook: Webhook
    let call: RunCall
    /// The trainer that a former agent started and that this one goes on with.
    let adopted: KeptTrainer?
    private let kept: JournalWriter
    private let stallEnd: Mutex<StopRequest>
    private let secretsRead = Mutex<[String: String]>([:])

    init(
        job: Job, host: Host, stop: StopRequest, board: StatusWriter, engine: SyncEngine,
        webhook: Webhook, journal: Journal, adopted: KeptTrainer? = nil, call: RunCall = .ofJob
    ) {
        self.webhook = webhook
        self.call = call
        self.job = job
        self.host = host
        self.stop = stop
        self.board = board
        self.engine = engine
        self.adopted = adopted
        self.logIndex = LogIndexWriter(logs: job.directories.logs, now: host.now)
        self.capsule = CapsuleWriter(job: job, host: host, startedAt: journal.startedAt)
        self.progress = ProgressWatch(job: job, board: board, now: host.now)
        self.kept = JournalWriter(journal, work: job.work)
        self.stallEnd = Mutex(StopRequest(clock: host.clock))
    }

    var journal: Journal { kept.journal }

    /// The job with the longest time that counts now.
    var limitedJob: Job {
        var job = job
        job.maxDurationSeconds = journal.maxDurationSeconds ?? job.maxDurationSeconds
        return job
    }

    /// What ends the start of the trainer that comes now, and not the run.
    func newStallEnd() -> StopRequest {
        let request = StopRequest(clock: host.clock)
        stallEnd.withLock { $0 = request }
        return request
    }

    /// Ends this start of the trainer, since it stands still.
    func endStalledTrainer() {
        stallEnd.withLock { $0 }.request(.stalled(report: board.status.stalled?.report))
    }

    /// Ends the run with the outcome `stalled`.
    func stopStalled() {
        let reason = stallEnd.withLock { $0 }.reason
        stop.request(reason ?? .stalled(report: board.status.stalled?.report))
    }

    var environment: VirtualEnvironment {
        VirtualEnvironment(directory: job.work.environment)
    }

    /// The log of pip and install.sh.
    var setupLog: String { job.directories.logs + "/" + BucketLayout.setupLog }

    /// What the job's environment and its secrets give together.
    var trainerEnvironment: [String: String] {
        job.environment.merging(secretsRead.withLock { $0 }) { _, secret in secret }
    }

    /// Keeps what the trainer gets, and opens the webhook whose address is among it.
    func keep(secrets: [String: String]) {
        var secrets = secrets
        if let url = secrets.removeValue(forKey: SecretsDocument.webhook) { open(webhook: url) }
        secretsRead.withLock { [secrets] in $0 = secrets }
    }

    func open(webhook url: String) {
        webhook.open(url) { [board] in board.warn($0) }
    }

    /// Changes the journal and returns once it is on the disk.
    ///
    /// - Throws: `Failure` where the disk does not take it.
    func record(_ change: (inout Journal) -> Void) async throws { try await kept.record(change) }

    /// Changes the journal and writes it soon: for what must not wait for a disk.
    func recordSoon(_ change: (inout Journal) -> Void) {
        let log = host.log
        kept.recordSoon(onFailure: { log.error("the journal cannot be written: \($0)") }, change)
    }

    /// Sends the run's files to the bucket as they are now.
    func publish() async {
        await board.written()
        await engine.publish()
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
                return SetupRetryPolicy.isWorthwhile(
                    error, failures: failures, cloud: job.run.cloud,
                    age: host.now().timeIntervalSince(job.createdAt))
            },
            onFailure: { error, pause in
                let seconds = Int(pause.seconds.rounded(.up))
                board.event(.retry, phase: phase, "\(error); again in \(seconds) s")
            }, body)
    }
}
