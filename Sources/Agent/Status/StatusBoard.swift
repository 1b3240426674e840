import Shared
import Synchronization

/// Holds the run's status and events, and writes each change to `WORK/run/` at once.
///
/// The sync engine brings these files to the bucket; on this machine anybody can read them there.
/// A full disk must not end a training: what cannot be written is said in the log, once.
final class StatusBoard: Sendable {
    private struct State {
        var status: RunStatus
        var saidUnwritable = false
    }

    private let state: Mutex<State>
    private let directory: String
    private let now: @Sendable () -> Date
    private let log: Log

    /// - Parameter directory: `WORK/run`, which exists.
    init(status: RunStatus, directory: String, now: @escaping @Sendable () -> Date, log: Log) {
        self.state = Mutex(State(status: status))
        self.directory = directory
        self.now = now
        self.log = log
    }

    var status: RunStatus { state.withLock { $0.status } }

    /// Changes the status and writes it.
    func update(_ change: (inout RunStatus) -> Void) {
        state.withLock { state in
            change(&state.status)
            state.status.heartbeat = now()
            save(&state)
        }
    }

    func began(_ phase: Phase) {
        update { status in
            status.phase = phase
            status.phases.append(.init(phase: phase, state: .running, startedAt: now()))
        }
        event(.phaseStarted, phase: phase, phase.title)
    }

    func ended(_ phase: Phase, _ result: PhaseResult) {
        let (recorded, message) = Self.record(of: result)
        update { status in
            let index = status.phases.lastIndex { $0.phase == phase && $0.endedAt == nil }
            guard let index else { return }
            status.phases[index].state = recorded
            status.phases[index].endedAt = now()
            status.phases[index].message = message
            // What still runs beside it is what a person waits for.
            let running = status.phases.last { $0.state == .running }
            if let running { status.phase = running.phase }
        }
        event(
            .phaseEnded, phase: phase,
            "\(phase.title): \(recorded.rawValue)" + (message.map { ": \($0)" } ?? ""))
    }

    func warn(_ message: String) {
        let isNew = state.withLock { !$0.status.warnings.contains(message) }
        guard isNew else { return }
        update { $0.warnings.append(message) }
        event(.warning, message)
    }

    /// Appends one line to `events.jsonl` and the same to the log.
    ///
    /// - Parameter isLogged: false for what a sync tells of itself: the log is itself something to
    ///   sync, so that no sync would ever be the last.
    func event(
        _ kind: Event.Kind, phase: Phase? = nil, _ message: String,
        details: [String: JSONValue]? = nil, isLogged: Bool = true
    ) {
        let attempt = state.withLock { $0.status.attempt }
        let event = Event(
            time: now(), kind: kind, attempt: attempt, phase: phase, message: message,
            details: details)
        if isLogged { log.write(kind == .warning || kind == .retry ? .warning : .info, message) }
        guard let line = try? JSONFormat.line(event) else { return }
        let path = directory + "/events.jsonl"
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        try? AtomicFile.writeAll(line, to: descriptor, path: path)
    }

    private func save(_ state: inout State) {
        do {
            try AtomicFile.write(
                JSONFormat.encode(state.status), to: directory + "/status.json")
            state.saidUnwritable = false
        } catch {
            if !state.saidUnwritable { log.error("status cannot be written: \(error)") }
            state.saidUnwritable = true
        }
    }

    private static func record(
        of result: PhaseResult
    ) -> (RunStatus.PhaseRecord.State, String?) {
        switch result {
        case .succeeded: (.succeeded, nil)
        case .skipped: (.skipped, nil)
        case .failed(let failure): (.failed, failure.summary)
        case .cancelled: (.failed, "cancelled")
        }
    }
}
