import Shared

/// Starts a run again that was preempted or has failed: the same job goes on from what its bucket
/// holds, as the next attempt.
struct RunResumption: Sendable {
    let context: Context
    let steps: Steps
    /// How long all zones are tried again and again; nil: once.
    var patience: TimeSpan?

    /// Between an agent's last word and the end of its process lie seconds.
    private static let mostSecondsToGoOff = 60

    /// - Returns: what the run goes on from.
    /// - Throws: `Failure` where it cannot be started again; it is then as it was.
    func resume(_ opened: RunHandle) async throws -> ResumePoint {
        guard let lock = try opened.lock() else {
            throw Failure("\(opened.name) is gone", hint: "another train has finished it just now")
        }
        defer { withExtendedLifetime(lock) {} }
        var view = try await opened.reread().look()
        view.run.presence = opened.presence
        if opened.cloud.isThisComputer { view = try await off(view) }
        let job = try? JSONFormat.decode(
            Job.self, from: readFile(view.run.folder.job), name: view.run.folder.job)
        let order = order(for: view, job)
        let shortest = opened.cloud.isThisComputer ? 0 : ResumeOrder.shortest
        let refusal = ResumeRefusal.of(
            view, secondsLeft: order.secondsLeft, shortest: shortest, now: context.now())
        if var refusal {
            refusal.reason = .notResumable
            throw refusal
        }
        let point = try await ResumePoint.find(view)
        if !opened.cloud.isThisComputer, view.status?.sync.verified != true {
            steps.line.say(
                .warning,
                "the last sync was not verified: what the former machine's disk alone has is lost")
        }
        try await reopened(view) { try await opened.cloud.resume(view.run, order, steps: steps) }
        return point
    }

    private func off(_ view: RunView) async throws -> RunView {
        var view = view
        var seconds = 0
        while view.isGoingOff, seconds < Self.mostSecondsToGoOff {
            try await context.clock.sleep(for: .seconds(1))
            seconds += 1
            view = try await view.run.look()
        }
        return view
    }

    private func order(for view: RunView, _ job: Job?) -> ResumeOrder {
        let spent = context.now().timeIntervalSince(job?.createdAt ?? view.record.createdAt)
        var longest = view.status?.maxDurationSeconds ?? job?.maxDurationSeconds
        if let hard = job?.hardLimitSeconds { longest = longest.map { min($0, hard) } }
        let kind = view.status?.outcome?.kind
        return ResumeOrder(
            secondsLeft: longest.map { $0 - spent },
            hardSecondsLeft: job?.hardLimitSeconds.map { $0 - spent },
            wasPreempted: kind == .preempted, patience: patience)
    }

    /// Does `work` while the run's status does not say that it has ended: by that the next agent would
    /// end at once, and readers would take it for the new attempt's. Where `work` fails it says so again.
    private func reopened(_ view: RunView, _ work: () async throws -> Void) async throws {
        guard let former = view.status else { return try await work() }
        let client = try view.record.client(runner: context.runner)
        try await write(former.reopened(at: context.now()), to: client)
        do {
            try await work()
        } catch {
            // To its end even where the task is cancelled.
            try? await Task { try await write(former, to: client) }.value
            throw error
        }
    }

    private func write(_ status: RunStatus, to client: StoreClient) async throws {
        let directory = try TemporaryDirectory(prefix: "train-resume")
        defer { directory.remove() }
        let file = directory.path + "/status.json"
        try AtomicFile.write(JSONFormat.encode(status), to: file, mode: 0o600)
        try await client.upload(file: file, as: BucketLayout.status)
    }
}

extension RunStatus {
    /// The same run with its end taken back, until the next agent writes.
    func reopened(at now: Date) -> RunStatus {
        var status = self
        // A failure used up what `--max_restarts` allows; a machine that is lost is not the training's.
        if let kind = outcome?.kind, kind != .preempted { status.recovery = nil }
        status.outcome = nil
        status.phase = .prepare
        status.heartbeat = now
        (status.restartAt, status.stalled, status.machine) = (nil, nil, nil)
        (status.agentPid, status.trainerPid, status.sshHostKey) = (nil, nil, nil)
        status.sync.verified = false
        for index in status.phases.indices where status.phases[index].endedAt == nil {
            status.phases[index].endedAt = heartbeat
            status.phases[index].state = .failed
        }
        status.phases.append(.init(phase: .prepare, state: .skipped, startedAt: now, endedAt: now))
        return status
    }
}
