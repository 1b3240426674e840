/// How often an agent shows that it is alive, and when its silence means that it is gone.
///
/// The agent writes by these numbers and the launcher judges by them: kept apart, a healthy training
/// with nothing to sync was reported as silent.
package enum Heartbeat {
    /// Between two writes of the status on the machine itself.
    package static let onMachine: Duration = .seconds(10)
    /// Between two uploads of a status in which nothing but the heartbeat changed.
    package static let inBucket: Duration = .seconds(300)

    /// The age in seconds from which a heartbeat in the bucket says that the agent is gone.
    ///
    /// An upload waits for a sync, so a healthy one is at most one interval and one sync old when
    /// the next begins; the second interval is for the upload itself and a retry.
    package static func staleAfter(syncIntervalSeconds: Double) -> Double {
        2 * inBucket.seconds + max(0, syncIntervalSeconds)
    }
}
