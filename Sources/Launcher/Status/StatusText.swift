import Shared

/// A run's status in words.
enum StatusText {
    /// The live line: what goes on now, for how long, and what of it is safe.
    static func live(_ view: RunView, now: Date) -> String {
        guard let status = view.status else {
            return "  " + (silence(view, now: now) ?? "waiting for the agent's first status")
        }
        let running = status.phases.filter { $0.state == .running }
        let phases = running.map { record in
            "\(record.phase.title) \(age(of: record.startedAt, now))"
        }
        var words = [phases.isEmpty ? status.phase.title : phases.joined(separator: ", ")]
        if status.phase == .train, let progress = status.progress { words.append(progress.text) }
        words += [stall(status, now: now)].compactMap { $0 }
        if let restart = restart(status, now: now) { words.append(restart) }
        words += syncWords(status.sync, now: now)
        return "  " + words.joined(separator: " · ")
    }

    /// What `train status` prints.
    static func full(_ view: RunView, now: Date) -> String {
        let record = view.record
        var lines = ["\(record.run) on \(record.run.cloud): \(headline(view, now: now))"]
        func add(_ name: String, _ text: String?) {
            guard let text else { return }
            lines.append("  " + name + String(repeating: " ", count: 14 - name.count) + text)
        }
        if let status = view.status {
            add(
                "started",
                "\(status.startedAt.formatted(.iso8601)) (\(age(of: status.startedAt, now)) ago)")
            if status.attempt > 1 { add("attempt", "\(status.attempt)") }
            if status.restarts > 0 { add("restarts", "\(status.restarts)") }
            if view.state == .running {
                add("heartbeat", heartbeat(view, now: now))
            }
            if view.state == .running {
                add("progress", status.progress?.text)
                add("stalled", status.stalled.map { stalled($0, now: now) })
                add("machine", status.machine?.text)
                add("trainer", restart(status, now: now))
            }
            add("sync", syncWords(status.sync, now: now).joined(separator: ", "))
            lines += SyncGaps(status.sync).lines
            add("disk", status.diskFreeBytes.map { "\(readable(bytes: $0)) free" })
            for warning in status.warnings.suffix(5) { add("warning", oneLine(warning)) }
        }
        add("output", oneLine(record.output))
        if view.state == .ended || view.isGoingOff, let outcome = view.status?.outcome {
            lines += OutcomeText(outcome).reason
        }
        if view.run.presence == .lost {
            add("state bucket", "has lost this run; what is known here is kept")
        }
        if view.record.stage != .starting, case .unknown(let reason) = view.machine {
            add("machine", "not seen: \(oneLine(reason))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Until when a trainer that failed waits; nil where none does.
    static func restart(_ status: RunStatus, now: Date) -> String? {
        status.restartAt.map { time in
            "failed; starts again in \(TimeSpan(seconds: max(0, time.timeIntervalSince(now))))"
        }
    }

    /// One line for the list and the top of the status.
    static func headline(_ view: RunView, now: Date) -> String {
        switch view.state {
        case .starting: return "was never started in full: the launcher was interrupted"
        case .collected: return "collected; only its removal is left"
        case .dead: return "the agent is gone and left no outcome"
        case .ended: return view.status?.outcome.map { OutcomeText($0).line } ?? "ended"
        case .finishedElsewhere: return "another computer has finished it"
        case .running:
            if view.record.stage == .starting, case .unknown(let reason) = view.machine {
                return oneLine(reason)
            }
            guard let status = view.status else { return silence(view, now: now) ?? "starting" }
            if view.isGoingOff, let outcome = status.outcome {
                return "\(OutcomeText(outcome).line); the machine is going off"
            }
            let current = status.phases.last { $0.phase == status.phase }
            let since = current.map { " for \(age(of: $0.startedAt, now))" } ?? ""
            let progress = status.phase == .train ? status.progress.map { ": \($0.text)" } : nil
            let stall = stall(status, now: now).map { ", \($0)" }
            return status.phase.title + since + (progress ?? "") + (stall ?? "")
        }
    }

    /// The same for a table, with what the log says last of one that failed.
    static func cell(_ view: RunView, now: Date) -> String {
        let lost = view.run.presence == .lost ? "the state bucket has lost this run; " : ""
        guard view.state == .ended, let outcome = view.status?.outcome else {
            return lost + headline(view, now: now)
        }
        let gaps = SyncGaps(view.status?.sync).short.map { "; \($0)" } ?? ""
        return lost + OutcomeText(outcome).lineWithCause + gaps
    }

    /// What a person does next.
    static func hint(_ view: RunView) -> String? {
        let name = view.record.run.description
        switch view.state {
        case .running where view.status == nil && view.record.machine != nil:
            return "if it never reports, remove it: train finish \(name) --force \(name)"
        case .running: return view.isGoingOff ? "collect it: train finish \(name)" : nil
        case .finishedElsewhere: return "remove what is kept of it here: train finish \(name)"
        case .starting: return "remove what is left: train finish \(name)"
        case .ended where view.status?.outcome?.kind == .preempted:
            return "let it go on: train resume \(name); or collect it: train finish \(name)"
        case .collected, .ended: return "collect it: train finish \(name)"
        case .dead:
            return "let it go on: train resume \(name); or collect what there is: "
                + "train finish \(name) --force \(name)"
        }
    }

    private static func stall(_ status: RunStatus, now: Date) -> String? {
        guard status.outcome == nil, let stalled = status.stalled else { return nil }
        return "stalled for \(age(of: stalled.since, now))"
    }

    private static func stalled(_ stall: RunStatus.Stall, now: Date) -> String {
        "since \(stall.since.formatted(.iso8601)) (\(age(of: stall.since, now)))"
            + (stall.report.map { "; where it stands: \(oneLine($0))" } ?? "")
    }

    /// A rented machine that has not reported for longer than a boot takes: its image may lack
    /// cloud-init, or its disk may be full, and it costs money until a person acts.
    private static func silence(_ view: RunView, now: Date) -> String? {
        guard view.status == nil, let machine = view.record.machine else { return nil }
        let silence = now.timeIntervalSince(machine.createdAt ?? view.record.createdAt)
        guard silence > longestBoot else { return nil }
        return "the machine has not reported for \(TimeSpan(seconds: silence)): it may never have "
            + "booted, and it costs money"
    }

    /// Seconds; the slowest images take six minutes with a driver to load.
    private static let longestBoot = 600.0

    private static func heartbeat(_ view: RunView, now: Date) -> String? {
        guard let status = view.status else { return nil }
        let silence = now.timeIntervalSince(status.heartbeat)
        let text = "\(TimeSpan(seconds: silence)) ago, read \(view.source.words)"
        let limit = Heartbeat.staleAfter(syncIntervalSeconds: view.record.syncIntervalSeconds)
        return silence > limit ? text + ": the agent does not answer" : text
    }

    private static func syncWords(_ sync: RunStatus.SyncRecord, now: Date) -> [String] {
        guard let last = sync.lastSuccessAt else {
            return ["nothing synced yet" + (sync.lastError.map { ": \(oneLine($0))" } ?? "")]
        }
        var words = [
            "\(counted(sync.files, "file")) (\(readable(bytes: sync.bytes))) synced "
                + "\(age(of: last, now)) ago"
        ]
        if let since = sync.unsyncedSince, sync.consecutiveFailures > 0 {
            words.append("unsynced since \(age(of: since, now))")
        }
        if sync.verified { words.append("verified") }
        return words
    }

    private static func age(of moment: Date, _ now: Date) -> TimeSpan {
        TimeSpan(seconds: now.timeIntervalSince(moment))
    }
}
