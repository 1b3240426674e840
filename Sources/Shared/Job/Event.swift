/// One line of `run/events.jsonl`: a phase change, sync, retry, tuning or warning.
package struct Event: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable {
        case phaseStarted = "phase_started"
        case phaseEnded = "phase_ended"
        case sync
        case retry
        case tuning
        case warning
        case signal
        case restart
        case outcome
    }

    package var time: Date
    package var kind: Kind
    package var attempt: Int
    package var phase: Phase?
    package var message: String
    /// Figures of this kind of event, such as files, bytes and seconds.
    package var details: [String: JSONValue]?

    package init(
        time: Date, kind: Kind, attempt: Int, phase: Phase? = nil, message: String,
        details: [String: JSONValue]? = nil
    ) {
        self.time = time
        self.kind = kind
        self.attempt = attempt
        self.phase = phase
        self.message = message
        self.details = details
    }
}
