import Shared

/// The time between a notice that the machine is taken away and its end, and who gets how much.
///
/// All moments are on the run's own stopwatch, since the time on the wall can jump.
struct ShutdownBudget: Sendable, Equatable {
    /// The moment of the notice.
    var notice: Duration
    /// From the notice until the work must be done.
    var total: Duration

    /// Of a machine whose power button is pressed, on each cloud.
    ///
    /// Google cuts the power 30 s after it, and systemd ends the agent after 25 s (`TimeoutStopSec` of
    /// the unit). A notice of the cloud's metadata brings its own time: `PreemptionNotice`.
    static let byPowerButton: Duration = .seconds(22)

    /// The part that the final sync has for itself, however long the trainer's grace is.
    private static let shareOfFinalSync = 0.5

    var deadline: Duration { notice + total }

    /// When the trainer is killed, where the job allows it `grace` seconds after the notice.
    func endOfGrace(_ grace: Duration) -> Duration {
        notice + min(grace, total * (1 - Self.shareOfFinalSync))
    }
}
