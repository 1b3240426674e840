import Shared

/// A run's status in words.
enum StatusText {
    /// The live line: what goes on now, for how long, and what of it is safe.
    static func live(_ view: RunView, now: Date) -> String {
        guard let status = view.status else { return "  waiting for the agent's first word" }
        let running = status.phases.filter { $0.state == .running }
        let phases = running.map { record in
            "\(record.phase.title) \(age(of: record.startedAt, now))"
        }
        var words = [phases.isEmpty ? status.phase.title : phases.joined(separator: ", ")]
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
            add("sync", syncWords(status.sync, now: now).joined(separator: ", "))
            add("missing", names(status.sync.missingFiles))
            add("half-written", names(status.sync.partialFiles))
            add("left out", names(status.sync.skippedFiles))
            add("disk", status.diskFreeBytes.map { "\(readable(bytes: $0)) free" })
            for warning in status.warnings.suffix(5) { add("warning", harmless(warning)) }
        }
        add("output", record.output)
        if view.record.stage != .starting, case .unknown(let reason) = view.machine {
            add("machine", "not seen: \(reason)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line for the list and the top of the status.
    static func headline(_ view: RunView, now: Date) -> String {
        switch view.state {
        case .starting: return "was never started in full: the launcher was interrupted"
        case .collected: return "collected; only its removal is left"
        case .dead: return "the agent is gone and left no outcome"
        case .ended: return view.status?.outcome.map(outcome) ?? "ended"
        case .running:
            if view.record.stage == .starting, case .unknown(let reason) = view.machine {
                return reason
            }
            guard let status = view.status else { return "starting" }
            let current = status.phases.last { $0.phase == status.phase }
            let since = current.map { " for \(age(of: $0.startedAt, now))" } ?? ""
            return status.phase.title + since
        }
    }

    static func outcome(_ outcome: Outcome) -> String {
        let kind = outcome.kind.rawValue.replacing("_", with: " ")
        return outcome.message.isEmpty ? kind : "\(kind): \(harmless(outcome.message))"
    }

    /// What a person does next.
    static func hint(_ view: RunView) -> String? {
        let name = view.record.run.description
        switch view.state {
        case .running: return nil
        case .starting: return "remove what is left: train finish \(name)"
        case .collected, .ended: return "collect it: train finish \(name)"
        case .dead:
            return "collect what there is: train finish \(name) --force \(name)"
        }
    }

    /// The first few of these; all of them are in `status.json`.
    private static func names(_ all: [String]) -> String? {
        guard !all.isEmpty else { return nil }
        let more = all.count > 3 ? ", and \(all.count - 3) more" : ""
        return all.prefix(3).map(harmless).joined(separator: ", ") + more
    }

    private static func heartbeat(_ view: RunView, now: Date) -> String? {
        guard let status = view.status else { return nil }
        let silence = now.timeIntervalSince(status.heartbeat)
        let text = "\(TimeSpan(seconds: silence)) ago"
        // A few intervals, as the status' own definition says; one is at least a minute here.
        let limit = max(60, view.record.syncIntervalSeconds) * 3
        return silence > limit ? text + ": the agent does not answer" : text
    }

    private static func syncWords(_ sync: RunStatus.SyncRecord, now: Date) -> [String] {
        guard let last = sync.lastSuccessAt else {
            return ["nothing synced yet" + (sync.lastError.map { ": \(harmless($0))" } ?? "")]
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
