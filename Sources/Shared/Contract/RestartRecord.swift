/// What is known of a run's trainer that failed and was started again, for the next decision.
///
/// It stands in the agent's journal and, for the next machine, in `run/status.json`.
package struct RestartRecord: Codable, Sendable, Equatable {
    /// What of `--max_restarts` is used since the training last moved.
    package var spent = 0
    /// Restarts that the hardware caused, since the training last moved; they use nothing.
    package var hardware = 0
    /// The highest step that observer or metrics said before any of the ends so far.
    package var step: Int64?
    /// The highest number of a whole checkpoint by then.
    package var checkpoint: Int64?
    /// The exception that ended the last attempt; nil where it printed none.
    package var exception: String?
    /// The line of the traceback that says where it was raised.
    package var frame: String?
    /// The step at which it failed: 0 before the first one, nil where nothing says it.
    package var failedStep: Int64?

    package init() {}

    /// What is wrong with counts from a document, since further ones are added; nil for nothing.
    package var objection: String? {
        for (name, number) in [("spent", spent), ("hardware", hardware)]
        where !(0...1_000_000_000).contains(number) {
            return "field 'recovery.\(name)' is \(number), which no run reaches"
        }
        return nil
    }
}
