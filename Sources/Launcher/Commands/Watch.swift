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
        return try report(view, cloud: cloud)
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

    private func report(_ view: RunView, cloud: any Cloud) throws -> Int32 {
        let run = view.record.run
        guard let outcome = view.status?.outcome else {
            throw Failure(
                "\(run): the agent is gone and left no outcome",
                detail: LogTail.lastLines(5, of: view.folder.agentOutput).map(harmless),
                hint: StatusText.hint(view))
        }
        context.console.output("\(run): \(StatusText.outcome(outcome))\n")
        if outcome.kind == .failed || outcome.kind == .setupFailed {
            let log =
                outcome.kind == .failed ? BucketLayout.trainLog : BucketLayout.setupLog
            if let lines = cloud.lastLines(of: log, count: 15, in: view.folder) {
                context.console.error("the last lines of \(log):\n\(lines)\n")
            }
        }
        context.console.output("collect it:  train finish \(run)\n")
        return outcome.processExitStatus
    }
}
