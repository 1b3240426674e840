import CPosix
import Shared
import Synchronization

/// `train-agent keep RECORD ATTEMPT EXECUTABLE ARGUMENTS…`: the process between the agent and the trainer.
///
/// It is the subreaper (prctl(2)) of the whole tree, so that no worker escapes a stop by a session of
/// its own, and it outlives the agent, so that a crash of the agent costs no training step. It has
/// ended when the last process of the tree has. SIGTERM is passed on to all of them; SIGUSR1 kills
/// them. For the agent's own use, hence in no help.
final class Keeper: Sendable {
    /// The first argument that brings the agent's program here.
    static let name = "keep"

    private let path: String
    private let state: Mutex<State>
    private let writing = Mutex(())
    private let clock: any Clock<Duration>

    /// From SIGTERM to SIGKILL for processes that nobody waits for.
    private static let leftoverGrace: Duration = .seconds(2)

    private struct State {
        var record: KeeperRecord
        var isStopping = false
        var isKilling = false
    }

    /// - Parameters:
    ///   - arguments: what follows `keep`.
    ///   - clock: for the looks at what outlives the main process.
    /// - Returns: the exit status of the process: the trainer's, or 128+n.
    static func run(_ arguments: [String], clock: any Clock<Duration>) -> Int32 {
        guard arguments.count >= 3, let attempt = Int(arguments[1]),
            let own = ProcessIdentity(of: getpid())
        else {
            return ExitCode.usage.rawValue
        }
        let command = {
            var command = Command(arguments[2], Array(arguments.dropFirst(3)))
            (command.output, command.errorOutput) = (.inherit, .inherit)
            return command
        }()
        let record = KeeperRecord(keeper: own, attempt: attempt)
        return Keeper(path: arguments[0], record: record, clock: clock).keep(command)
    }

    private init(path: String, record: KeeperRecord, clock: any Clock<Duration>) {
        self.path = path
        self.clock = clock
        self.state = Mutex(State(record: record))
    }

    private func keep(_ command: Command) -> Int32 {
        _ = cposix_become_subreaper()
        let listening = Task { await self.listen() }
        defer { listening.cancel() }
        do {
            let pid = try PosixRunner.startUnwatched(command)
            update { $0.trainer = ProcessIdentity(of: pid) ?? .init(pid: pid, startedAt: "") }
            passOnEarlyRequest()
            reap(trainer: pid)
        } catch {
            let failure = error as? Failure ?? Failure("\(error)")
            update {
                $0.failure = failure.summary
                $0.hint = failure.hint
            }
        }
        update { $0.isOver = true }
        switch state.withLock({ $0.record.termination }) {
        case .exited(let status): return status
        case .signalled(let signal): return ExitCode.signalled(signal)
        case nil: return ExitCode.setupFailed.rawValue
        }
    }

    /// Waits for every process of the tree; returns when none is left.
    private func reap(trainer: Int32) {
        while true {
            var status: Int32 = 0
            let pid = waitpid(-1, &status, 0)
            if pid < 0 {
                if errno == EINTR { continue }
                // ECHILD: the last one has ended.
                return
            }
            if pid == trainer {
                mainEnded(Termination(waitStatus: status))
            }
            // What a killed process had forked meanwhile is ours now.
            if state.withLock({ $0.isKilling }) { signalTree(SIGKILL) }
        }
    }

    private func mainEnded(_ termination: Termination) {
        let left = ProcessTree.descendants(of: getpid())
        update { record in
            record.termination = termination
            record.endedAt = Date()
            record.leftovers = left.prefix(20).map { "\($0.name) (\($0.pid))" }
        }
        // During a stop the agent's grace counts: the run goes on after a shell that ends before
        // its children.
        guard !left.isEmpty, !state.withLock({ $0.isStopping }) else { return }
        if termination.succeeded {
            watchLeftovers()
        } else {
            // Workers of a trainer that crashed: nobody will ever collect their results.
            endLeftovers()
        }
    }

    private func watchLeftovers() {
        Task {
            var rule = LeftoverRule()
            while !Task.isCancelled {
                let left = ProcessTree.descendants(of: getpid())
                let ticks = left.reduce(0) { $0 &+ $1.ticks }
                let bytes = left.reduce(0) { $0 &+ ProcessTraffic.bytes(of: $1.pid) }
                if rule.mayEnd(ticks: ticks, bytes: bytes, elapsed: LeftoverRule.interval) {
                    return endLeftovers()
                }
                try await clock.sleep(for: LeftoverRule.interval)
            }
        }
    }

    private func endLeftovers() {
        update { $0.hasEndedLeftovers = true }
        signalTree(SIGTERM)
        Task {
            try await clock.sleep(for: Self.leftoverGrace)
            killTree()
        }
    }

    private func listen() async {
        for await number in SignalStream.make([SIGTERM, SIGINT, SIGHUP, SIGUSR1]) {
            switch number {
            case SIGUSR1: killTree()
            case SIGHUP: break
            default:
                state.withLock { $0.isStopping = true }
                signalTree(SIGTERM)
            }
        }
    }

    /// A request that came before there was a trainer.
    private func passOnEarlyRequest() {
        let (isStopping, isKilling) = state.withLock { ($0.isStopping, $0.isKilling) }
        if isStopping { signalTree(SIGTERM) }
        if isKilling { signalTree(SIGKILL) }
    }

    private func killTree() {
        state.withLock { $0.isKilling = true }
        signalTree(SIGKILL)
    }

    private func signalTree(_ number: Int32) {
        #if os(Linux)
            ProcessTree.signal(number, below: getpid())
        #else
            if let pid = state.withLock({ $0.record.trainer?.pid }) { kill(-pid, number) }
        #endif
    }

    private func update(_ change: (inout KeeperRecord) -> Void) {
        // Records are written one after the other: an older one must not replace a newer one.
        writing.withLock { _ in
            let record = state.withLock { state in
                change(&state.record)
                return state.record
            }
            write(record)
        }
    }

    private func write(_ record: KeeperRecord) {
        do {
            try record.write(to: path)
        } catch {
            // Into the trainer's log: the agent then knows the exit status by waiting for us.
            let line = "train-agent keep: \(path) cannot be written: \(error)\n"
            try? AtomicFile.writeAll(Data(line.utf8), to: STDERR_FILENO, path: "stderr")
        }
    }
}
