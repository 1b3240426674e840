import Shared

/// Watching a run to its end, for `start --wait`, `finish --wait` and the demo.
struct Watch: Sendable {
    let context: Context
    var hook: EndHook?

    /// Shows the run until it has ended and says how; Ctrl-C leaves it running.
    ///
    /// - Returns: the exit code that the outcome asks for.
    func untilEnd(of run: RunHandle) async throws -> Int32 {
        let outcome = try report(try await follow(run))
        context.console.output("collect it:  train finish \(run.name)\n")
        return outcome.processExitStatus
    }

    /// - Throws: `Interrupted` if the user had enough, which is said then; the run goes on.
    func follow(_ run: RunHandle) async throws -> RunView {
        let line = context.progress()
        defer { line.clear() }
        let follower = Follower(line: line, clock: context.clock, now: context.now)
        do {
            return try await context.interruptible { try await follow(run, with: follower) }
        } catch let interrupted as Interrupted {
            line.clear()
            line.say("no longer watching; \(run.name) goes on")
            line.say("  look:     train status \(run.name)")
            line.say("  stop:     train stop \(run.name)")
            line.say("  collect:  train finish \(run.name) --wait")
            throw interrupted
        }
    }

    private func follow(_ run: RunHandle, with follower: Follower) async throws -> RunView {
        guard let hook else { return try await follower.follow(run) }
        let view = try await hook.watching(try await ReadableRun.open(run), from: 0, context) {
            try await follower.follow(run)
        }
        let outcome = view.status?.outcome
        await hook.tell(
            "ended", of: run.name, outcome: outcome?.kind.rawValue ?? "",
            message: outcome?.message ?? "the run has ended without an outcome", context)
        return view
    }

    /// Says how a run ended, why, and what of its output is not in the bucket.
    ///
    /// - Throws: `Failure` if that is not known.
    func report(_ view: RunView) throws -> Outcome {
        guard let outcome = view.status?.outcome else {
            throw Failure(
                "\(view.run.name): the agent is gone and left no outcome",
                detail: view.run.folder.lastWordsOfAgent, hint: StatusText.hint(view))
        }
        let text = OutcomeText(outcome)
        context.console.output("\(view.run.name): \(text.line)\n")
        for line in text.reason + SyncGaps(view.status?.sync).lines {
            context.console.error(line + "\n")
        }
        return outcome
    }
}

/// The exit code of a command that may watch a run: the shell's for the signal that ended the
/// watching, which is reported already.
func untilInterrupted(_ body: () async throws -> Int32) async throws -> Int32 {
    do {
        return try await body()
    } catch let interrupted as Interrupted {
        return ExitCode.signalled(interrupted.signal)
    }
}
