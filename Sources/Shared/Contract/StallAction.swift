/// What is done with a training that stands still, beside telling where it stands.
package enum StallAction: String, Codable, Sendable, CaseIterable {
    /// Nothing: a person decides.
    case report
    /// The trainer is ended and started again, as often as `max_restarts` allows.
    case restart
    /// The run ends, with the outcome `stalled`.
    case stop
}
