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
    /// seconds, SIGKILL, five seconds. The result then says `timedOut` (for a cancellation too).
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
    package func output(
        of command: Command, timeout: Duration? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) async throws -> String {
        let result = try await run(command, timeout: timeout, clock: clock)
        guard result.succeeded else {
            throw Failure("\(command.executable) failed", detail: result.lastLines(5))
        }
        return result.output
    }
}

extension RunningCommand {
    /// Waits for the end; after `timeout`, or when the task is cancelled, stops the whole group.
    ///
    /// One that hangs in the kernel, on a dead disk or driver, ends by no signal: nobody waits for it.
    package func waitOrStop(
        after timeout: Duration?, clock: any Clock<Duration> = ContinuousClock()
    ) async -> CommandResult {
        // Without a time-out the limit ends when the task is cancelled.
        let limit = timeout ?? .seconds(1 << 40)
        if let result = await TimeLimit.value(within: limit, clock, { await wait() }) {
            return result
        }
        return await Task {
            let grace: Duration = .seconds(5)
            let stopped = await TimeLimit.value(within: grace * 2, clock) {
                await stop(grace: grace, clock: clock)
            }
            var result = stopped ?? CommandResult(termination: .signalled(SIGKILL))
            result.timedOut = true
            return result
        }.value
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
