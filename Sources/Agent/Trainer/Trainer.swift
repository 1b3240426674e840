import Shared

/// Runs the trainer to its end, or to the end that somebody asked for.
struct Trainer {
    let runner: any CommandRunner
    let clock: any Clock<Duration>
    let stop: StopRequest
    let grace: Duration

    /// How a trainer ended, and whether we were the ones who ended it.
    struct End: Sendable, Equatable {
        var termination: Termination
        var wasStopped: Bool
    }

    /// Starts `command` and returns when it and all it left behind are gone.
    ///
    /// A request to stop sends SIGTERM to its group; after the grace, or a second request, SIGKILL.
    ///
    /// - Parameter onStart: told the process as soon as there is one.
    /// - Throws: `Failure` where it cannot be started.
    func run(_ command: Command, onStart: (Int32) -> Void) async throws -> End {
        let running = try runner.start(command)
        onStart(running.pid)
        // Both tasks below see the end of a trainer that obeys; which of them is first is chance.
        let wasAsked = OneWayFlag()
        let termination = await withTaskGroup(of: Termination?.self) { group in
            group.addTask { await running.wait().termination }
            group.addTask {
                await stop.requested()
                guard stop.reason != nil else { return nil }
                wasAsked.set()
                return await stopped(running)
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            return await running.wait().termination
        }
        // Workers of a data loader, or TensorBoard, have no reason to live on.
        running.send(SIGKILL)
        return End(termination: termination, wasStopped: wasAsked.isSet)
    }

    private func stopped(_ running: any RunningCommand) async -> Termination {
        running.send(SIGTERM)
        return await withTaskGroup(of: Termination?.self) { group in
            group.addTask { await running.wait().termination }
            group.addTask {
                try? await clock.sleep(for: grace)
                return nil
            }
            group.addTask {
                await stop.urgent()
                return nil
            }
            let first = await group.next() ?? nil
            if first == nil { running.send(SIGKILL) }
            group.cancelAll()
            if let first { return first }
            return await running.wait().termination
        }
    }
}
