import Shared

/// The time before the limit of a run that is kept for its last sync: pure.
///
/// A trainer that is asked to stop at the limit itself leaves output that goes up after it, while the
/// machine costs money beyond what was allowed.
enum FinalSyncReserve {
    /// Of the run's longest time: a slow store must not eat the training.
    static let mostShare = 0.2
    /// In seconds: as long as the machine's timer waits after the limit.
    static let most = 1800.0

    /// - Parameters:
    ///   - sync: what is known of the syncs so far.
    ///   - longest: the run's longest time, in seconds.
    /// - Returns: seconds; 0 where nothing is known of the store's speed.
    static func seconds(for sync: RunStatus.SyncRecord, longest: Double) -> Double {
        // What lies between two syncs is at most what one has moved before, such as a checkpoint.
        guard let speed = sync.bytesPerSecond, speed > 0, let bytes = sync.largestBytes, bytes > 0
        else { return 0 }
        return min(Double(bytes) / speed, longest * mostShare, most)
    }
}
