/// One line of `run/events.jsonl`: a phase change, sync, retry, tuning, warning or note.
package struct Event: Codable, Sendable, Equatable {
    package enum Kind: OpenEnum {
        case phaseStarted
        case phaseEnded
        case sync
        case retry
        case tuning
        case warning
        case signal
        case restart
        case outcome
        /// An alert of the user's rules or of the trainer: see `AlertRule`.
        case alert
        /// What a person may want to know, such as how many files a restore brought back.
        case note
        /// A kind that only a later version has.
        case unknown(String)

        package static let allCases: [Kind] = [
            .phaseStarted, .phaseEnded, .sync, .retry, .tuning, .warning, .signal, .restart,
            .outcome, .alert, .note,
        ]

        package var rawValue: String {
            switch self {
            case .phaseStarted: "phase_started"
            case .phaseEnded: "phase_ended"
            case .sync: "sync"
            case .retry: "retry"
            case .tuning: "tuning"
            case .warning: "warning"
            case .signal: "signal"
            case .restart: "restart"
            case .outcome: "outcome"
            case .alert: "alert"
            case .note: "note"
            case .unknown(let name): name
            }
        }
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
