import Shared

/// When the processes that outlived the trainer's main process may be ended: pure.
///
/// A main that goes into the background, or returns while its child trains, is waited for: its child
/// uses the processor, or loads its data. A server that somebody forgot, such as TensorBoard, hardly
/// does either; without this rule it would keep a rented machine running.
struct LeftoverRule {
    /// Between two looks.
    static let interval: Duration = .seconds(5)
    /// Of one core, between two looks.
    static let busyShare = 0.1
    /// Bytes a second that all of them together read and write: a download of a data set takes little
    /// of a processor. What a server notes of itself stays far below.
    static let busyTraffic = 100_000.0
    /// Looks in a row that must find the processes idle.
    static let idleLooks = 4

    private var before: (ticks: UInt64, bytes: Int64)?
    private var idle = 0

    /// - Parameters:
    ///   - ticks: processor time of all that is left, in ticks of 1/100 s.
    ///   - bytes: what these have read and written so far.
    ///   - elapsed: since the last look.
    /// - Returns: whether they have been idle for long enough.
    mutating func mayEnd(ticks: UInt64, bytes: Int64, elapsed: Duration) -> Bool {
        defer { before = (ticks, bytes) }
        guard let before else { return false }
        // The sums shrink when one of them ends.
        let used = ticks > before.ticks ? Double(ticks - before.ticks) / 100 : 0
        let moved = bytes > before.bytes ? Double(bytes - before.bytes) : 0
        let isBusy =
            used > Self.busyShare * elapsed.seconds || moved > Self.busyTraffic * elapsed.seconds
        idle = isBusy ? 0 : idle + 1
        return idle >= Self.idleLooks
    }
}
