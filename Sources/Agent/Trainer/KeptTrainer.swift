import Shared

/// A trainer behind its keeper: started by this agent, or by one that has died meanwhile.
struct KeptTrainer: Sendable {
    /// How a trainer ended, and what outlived its main process.
    struct Ended: Sendable, Equatable {
        var termination: Termination
        var leftovers: [String] = []
        var hasEndedLeftovers = false
    }

    private let path: String
    let keeper: ProcessIdentity
    /// Nil for an adopted trainer, whose keeper is not this process's child.
    private let child: (any RunningCommand)?
    private let clock: any Clock<Duration>

    /// The main process.
    let trainer: ProcessIdentity

    /// Starts `command` behind a keeper of its own.
    ///
    /// - Parameters:
    ///   - record: where the keeper writes; what an earlier one wrote there is removed.
    ///   - executable: the agent's program, which has the keeper in it.
    /// - Throws: `Failure` where keeper or trainer cannot be started.
    static func start(
        _ command: Command, attempt: Int, record: String, executable: String,
        runner: any CommandRunner, clock: any Clock<Duration>
    ) async throws -> KeptTrainer {
        unlink(record)
        var kept = command
        kept.executable = executable
        kept.arguments =
            [Keeper.name, record, String(attempt), command.executable] + command.arguments
        // The terminal's Ctrl-C and hang-up are the agent's to handle.
        kept.group = .session
        kept.environment[MarkedProcesses.trainer] = parentDirectory(record)
        let name = "train-trainer-\(attempt)-\(getpid())"
        if let scoped = TransientScope.wrapped(kept, name: name) {
            do {
                return try await begin(scoped, record: record, runner: runner, clock: clock)
            } catch {
                // Better a trainer that dies with its agent than none; one that began and failed
                // has told why.
                if KeeperRecord.read(record) != nil || error is CancellationError { throw error }
            }
        }
        return try await begin(kept, record: record, runner: runner, clock: clock)
    }

    /// Starts the keeper and waits for its first word.
    private static func begin(
        _ command: Command, record: String, runner: any CommandRunner, clock: any Clock<Duration>
    ) async throws -> KeptTrainer {
        let child = try runner.start(command)
        while true {
            let written = KeeperRecord.read(record)
            if let failure = written?.failure {
                _ = await child.wait()
                throw Failure(failure, hint: written?.hint)
            }
            if let written, let trainer = written.trainer {
                return KeptTrainer(
                    path: record, keeper: written.keeper, child: child, clock: clock,
                    trainer: trainer)
            }
            if ProcessIdentity(of: child.pid) == nil {
                let result = await child.wait()
                guard KeeperRecord.read(record)?.trainer == nil else { continue }
                throw Failure(
                    "the trainer's keeper ended before it began: \(result.termination)",
                    detail: result.lastLines(3))
            }
            try await clock.sleep(for: .milliseconds(5))
        }
    }

    /// The trainer that a former agent's keeper still keeps, or has seen to its end.
    ///
    /// - Returns: nil where no keeper of that attempt wrote, or it died and left no end.
    static func adopt(
        attempt: Int, record: String, clock: any Clock<Duration>
    ) -> KeptTrainer? {
        guard let written = KeeperRecord.read(record), written.attempt == attempt,
            let trainer = written.trainer, written.isOver || written.keeper.isAlive
        else { return nil }
        return KeptTrainer(
            path: record, keeper: written.keeper, child: nil, clock: clock, trainer: trainer)
    }

    /// Returns once no process of the tree is left.
    ///
    /// Where the keeper could write nothing, as on a full disk, its own exit status says how the
    /// trainer ended.
    func ended() async -> Ended {
        var keepersEnd: Termination?
        if let child {
            keepersEnd = await child.wait().termination
        } else {
            let (keeper, clock) = (keeper, clock)
            // Uncancelled, as the wait for a child is: a cancelled sleep would spin.
            await Task {
                while keeper.isAlive { try? await clock.sleep(for: .milliseconds(500)) }
            }.value
        }
        guard let record = KeeperRecord.read(path), let termination = record.termination else {
            if case .exited(let status)? = keepersEnd {
                return Ended(termination: Termination(shellStatus: status))
            }
            // The keeper was killed: nobody saw how the trainer ended, and it must not go on.
            return Ended(termination: .signalled(SIGKILL))
        }
        return Ended(
            termination: termination, leftovers: record.leftovers,
            hasEndedLeftovers: record.hasEndedLeftovers)
    }

    /// SIGTERM to every process of the tree.
    func stop() { kill(keeper.pid, SIGTERM) }

    /// SIGKILL to every process of the tree.
    func killTree() { kill(keeper.pid, SIGUSR1) }
}
