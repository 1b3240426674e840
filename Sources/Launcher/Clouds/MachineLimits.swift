/// The limits of a machine request.
///
/// `variables.tf` has the same as validation rules; a test compares the two.
enum MachineLimits {
    /// Seconds a machine may run. A Google machine's `max_run_duration` may be 120 days, of which the
    /// time for the last sync is taken.
    static let durationSeconds: ClosedRange<Double> = 600...(118 * 86_400)
    static let defaultDurationSeconds = 86_400.0
    /// After the longest time: for the last sync until the machine's timer turns it off, and as much
    /// again until the cloud does.
    static let finalSyncSeconds = 1800.0
    static let diskGigabytes = 50...4000
    static let gpuCounts = [1, 2, 4, 8]
}
