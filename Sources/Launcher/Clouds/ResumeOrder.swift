import Shared

/// What a run that is started again may have, beside what its own folder says.
struct ResumeOrder: Sendable {
    /// Of the time that the run may last, counted over all attempts; nil: as long as it likes.
    var secondsLeft: Double?
    /// The same of the cloud's own limit, where the start fixed one.
    var hardSecondsLeft: Double?
    /// The cloud took the machine, and may be about to start it again.
    var wasPreempted: Bool
    /// How long all zones are tried again and again; nil: once.
    var patience: TimeSpan?

    /// The shortest time for which a machine is rented.
    static let shortest = MachineLimits.durationSeconds.lowerBound
}
