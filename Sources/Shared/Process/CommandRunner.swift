/// Starts child processes. `PosixRunner` is the real one; tests script their own.
package protocol CommandRunner: Sendable {
    /// Starts `command` and returns at once.
    ///
    /// - Parameter onOutput: gets each captured piece of stdout as it comes, on some queue.
    /// - Throws: `Failure` with the reason `notInstalled` or `cannotStart`.
    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand
}

/// A child process that was started.
package protocol RunningCommand: Sendable {
    var pid: Int32 { get }
    /// Returns once it has ended; any number of tasks may wait.
    func wait() async -> CommandResult
    /// Sends a signal to its whole group, or to it alone where it shares ours.
    func send(_ signal: Int32)
}

extension CommandRunner {
    package func start(_ command: Command) throws -> any RunningCommand {
        try start(command, onOutput: nil)
    }

    /// Runs `command` to its end.
    ///
    /// Where `timeout` passes or the task is cancelled, its whole group is stopped: SIGTERM, five
    /// seconds, SIGKILL. The result then says `timedOut` (for a cancellation too).
    ///
    /// - Throws: `Failure` where it cannot be started.
    package func run(
        _ command: Command, timeout: Duration? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) async throws -> CommandResult {
        let running = try start(command)
        return await running.waitOrStop(after: timeout, clock: clock)
    }

    /// Runs `command` and returns what it printed.
    ///
    /// - Throws: `Failure` with its last lines where it does not exit 0.
    package func output(of command: Command, timeout: Duration? = nil) async throws -> String {
        let result = try await run(command, timeout: timeout)
        guard result.succeeded else {
            throw Failure("\(command.executable) failed", detail: result.lastLines(5))
        }
        return result.output
    }
}

extension RunningCommand {
    /// Waits for the end; after `timeout`, or when the task is cancelled, stops the whole group.
    package func waitOrStop(
        after timeout: Duration?, clock: any Clock<Duration> = ContinuousClock()
    ) async -> CommandResult {
        let ended = await withTaskGroup(of: CommandResult?.self) { group in
            group.addTask { await wait() }
            group.addTask {
                // Without a time-out this sleeps until the task is cancelled, from either side.
                try? await clock.sleep(for: timeout ?? .seconds(1 << 40))
                return nil
            }
            guard let first = await group.next(), let result = first else {
                // Cancelled or too late: end the child, or the group would wait for it for ever.
                _ = await stop(grace: .seconds(5), clock: clock)
                return CommandResult?.none
            }
            group.cancelAll()
            return result
        }
        if let ended { return ended }
        var result = await wait()
        result.timedOut = true
        return result
    }

    /// SIGTERM to the group, up to `grace`, SIGKILL to the group; returns once it has ended.
    ///
    /// Runs to its end even in a cancelled task: a teardown that is itself torn down leaks.
    package func stop(
        grace: Duration, clock: any Clock<Duration> = ContinuousClock()
    ) async -> CommandResult {
        await Task {
            send(SIGTERM)
            let killer = Task {
                try await clock.sleep(for: grace)
                send(SIGKILL)
            }
            let result = await wait()
            killer.cancel()
            // What the leader left behind in its group has no reason to live on.
            send(SIGKILL)
            return result
        }.value
    }
}
