import Shared

/// Gets every event of a run, in order, on a queue where it may block.
protocol EventSink: Sendable {
    /// - Parameter isLogged: false for what a sync tells of itself.
    func receive(_ event: Event, isLogged: Bool)
}

/// Appends each event as a line to `run/events.jsonl`.
struct EventFile: EventSink {
    let path: String

    /// A full disk costs lines, nothing else; the status tells of it.
    func receive(_ event: Event, isLogged: Bool) {
        guard let line = try? JSONFormat.line(event) else { return }
        try? LineFile.append(line, to: path)
    }
}

/// Writes each event into the agent's log.
struct EventLog: EventSink {
    let log: Log

    func receive(_ event: Event, isLogged: Bool) {
        guard isLogged else { return }
        let isWarning = event.kind == .warning || event.kind == .retry
        log.write(isWarning ? .warning : .info, event.message)
    }
}
