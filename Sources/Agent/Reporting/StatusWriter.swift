import Dispatch
import Shared
import Synchronization

/// Holds the run's status and events, and writes each change to `WORK/run/` soon.
///
/// A change counts at once. The files are written on a queue of their own, several changes in one
/// write: an fsync on a task's thread would hold up the heartbeat, the phases and a stop together.
/// A full disk must not end a training: what cannot be written is said in the log, once.
final class StatusWriter: Sendable {
    private struct State {
        var status: RunStatus
        var isScheduled = false
        var saidUnwritable = false
    }

    /// More warnings than a person reads; further ones are events alone.
    private static let mostWarnings = 100

    private let state: Mutex<State>
    private let work: WorkDirectory
    private let sinks: [any EventSink]
    private let queue = DispatchQueue(label: "status")
    private let now: @Sendable () -> Date
    private let log: Log

    /// - Parameters:
    ///   - work: whose `run` directory exists.
    ///   - sinks: get the events, beside the file and the log.
    init(
        status: RunStatus, work: WorkDirectory, sinks: [any EventSink] = [],
        now: @escaping @Sendable () -> Date, log: Log
    ) {
        self.state = Mutex(State(status: status))
        self.work = work
        self.sinks = [EventFile(path: work.events), EventLog(log: log)] + sinks
        self.now = now
        self.log = log
    }

    var status: RunStatus { state.withLock { $0.status } }

    /// Changes the status; it is on the disk after `written`.
    func update(_ change: (inout RunStatus) -> Void) {
        let isFirst = state.withLock { state in
            change(&state.status)
            state.status.heartbeat = now()
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { queue.async { self.save() } }
    }

    /// Returns once all changes and events so far are in their files.
    func written() async {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
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

    /// Adds a warning to the status and tells it, once.
    func warn(_ message: String, details: [String: JSONValue]? = nil) {
        let isNew = state.withLock { !$0.status.warnings.contains(message) }
        guard isNew else { return }
        update { status in
            if status.warnings.count < Self.mostWarnings { status.warnings.append(message) }
        }
        event(.warning, message, details: details)
    }

    /// Hands an event to every sink, soon and in order.
    ///
    /// - Parameter isLogged: false for what a sync tells of itself.
    func event(
        _ kind: Event.Kind, phase: Phase? = nil, _ message: String,
        details: [String: JSONValue]? = nil, isLogged: Bool = true
    ) {
        let event = Event(
            time: now(), kind: kind, attempt: status.start.number, phase: phase, message: message,
            details: details)
        queue.async { for sink in self.sinks { sink.receive(event, isLogged: isLogged) } }
    }

    /// Puts the events of former machines before those of this one.
    ///
    /// - Throws: `Failure` where the file cannot be written.
    func prepend(_ events: Data) async throws {
        let path = work.events
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        // Before this machine's first event there is no file.
                        let own = exists(path) ? try readFile(path, limit: 256 << 20) : Data()
                        try AtomicFile.write(events + own, to: path)
                    })
            }
        }
    }

    private func save() {
        let status = state.withLock { state in
            state.isScheduled = false
            return state.status
        }
        do {
            try AtomicFile.write(JSONFormat.encode(status), to: work.status)
            state.withLock { $0.saidUnwritable = false }
        } catch {
            let isFirst = state.withLock { state in
                defer { state.saidUnwritable = true }
                return !state.saidUnwritable
            }
            if isFirst { log.error("status cannot be written: \(error)") }
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
