import Shared

/// Watching a run to its end, for `start --wait`, `finish --wait` and the demo.
struct Watch: Sendable {
    let context: Context

    /// Shows the run until it has ended and says how; Ctrl-C leaves it running.
    ///
    /// - Returns: the exit code that the outcome asks for.
    func untilEnd(of record: RunRecord, in folder: RunFolder, cloud: any Cloud) async throws
        -> Int32
    {
        let view = try await follow(record, in: folder, cloud: cloud)
        let outcome = try report(view)
        context.console.output("collect it:  train finish \(record.run)\n")
        return outcome.processExitStatus
    }

    /// - Throws: `Failure` where the user had enough; the run goes on.
    func follow(_ record: RunRecord, in folder: RunFolder, cloud: any Cloud) async throws -> RunView
    {
        let line = context.progress()
        defer { line.clear() }
        let follower = Follower(cloud: cloud, line: line, now: context.now)
        do {
            return try await context.interruptible {
                try await follower.follow(record, in: folder)
            }
        } catch let interrupted as Interrupted {
            let run = record.run
            throw Failure(
                "no longer watching; \(run) goes on",
                hint: "look: train status \(run); stop: train stop \(run); "
                    + "collect: train finish \(run) --wait",
                exitStatus: ExitCode.signalled(interrupted.signal))
        }
    }

    /// Says how a run ended.
    ///
    /// - Throws: `Failure` where nobody knows.
    func report(_ view: RunView) throws -> Outcome {
        let run = view.record.run
        guard let outcome = view.status?.outcome else {
            throw Failure(
                "\(run): the agent is gone and left no outcome",
                detail: view.folder.lastWordsOfAgent, hint: StatusText.hint(view))
        }
        context.console.output("\(run): \(StatusText.outcome(outcome))\n")
        if let lines = outcome.lastLines, !lines.isEmpty {
            context.console.error("its last lines:\n\(harmless(lines))\n")
        }
        return outcome
    }
}
