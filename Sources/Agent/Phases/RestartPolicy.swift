import Shared

/// Whether a trainer that has ended is started again on this machine: pure.
enum RestartPolicy {
    /// - Parameters:
    ///   - end: how it ended.
    ///   - isStopping: the run is being stopped.
    ///   - restarts: how often it was started again so far, on all machines.
    ///   - limit: the job's `max_restarts`.
    static func startsAgain(
        after end: Trainer.End, isStopping: Bool, restarts: Int, limit: Int
    ) -> Bool {
        // One that leaves with 0 since it was asked to go has been stopped, not finished.
        !end.wasStopped && (end.wasStalled || !end.termination.succeeded) && !isStopping
            && restarts < limit
    }
}
