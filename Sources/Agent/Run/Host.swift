import Shared

/// Everything of the outside world that a run touches, so that a test can give its own.
struct Host: Sendable {
    var runner: any CommandRunner = PosixRunner()
    /// For waits.
    var clock: any Clock<Duration> = ContinuousClock()
    /// For what is written down and for the absolute deadline.
    var now: @Sendable () -> Date = { Date() }
    var log = Log()
    /// What `--webhook` says by hand, where no job brings secrets.
    var webhook: String?
}
