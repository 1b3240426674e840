import Shared

/// Shows a run as it goes on until it has ended.
///
/// On a terminal one live line under the phases that are done; in a pipe a line for each change.
struct Follower: Sendable {
    let line: LiveLine
    let clock: any Clock<Duration>
    let now: @Sendable () -> Date
    var interval: Duration = .seconds(1)

    /// - Returns: the run when it had ended, with or without an outcome.
    /// - Throws: `CancellationError` if the task is cancelled; the run goes on.
    func follow(_ run: RunHandle) async throws -> RunView {
        var changes = StatusChanges()
        var lastProblem: String?
        while true {
            do {
                let view = try await run.look()
                lastProblem = nil
                changes.news(in: view.status).forEach(say)
                guard view.state == .running else {
                    line.clear()
                    return view
                }
                line.update(StatusText.live(view, now: now()))
            } catch let failure as Failure where failure.summary != lastProblem {
                // A bucket that cannot be read for a while is no reason to stop looking.
                lastProblem = failure.summary
                line.say("cannot see the run now: \(failure.summary); looking again")
            } catch is Failure {
                // The same as at the last look, which is reported already.
            }
            try await clock.sleep(for: interval)
        }
    }

    private func say(_ change: StatusChanges.Change) {
        switch change.tone {
        case .good: line.say(.good, change.text)
        case .bad: line.say(.bad, change.text)
        case .warning: line.say(.warning, change.text)
        case .neutral:
            // On a terminal the live line has what has begun.
            if !line.isInteractive { line.say("  \(change.text)") }
        }
    }
}
