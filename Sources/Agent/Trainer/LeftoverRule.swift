import Shared

/// When the processes that outlived the trainer's main process may be ended: pure.
///
/// A main that goes into the background, or returns while its child trains, is waited for: its child
/// uses the processor. A server that somebody forgot, such as TensorBoard, hardly does; without this
/// rule it would keep a rented machine running.
struct LeftoverRule {
    /// Between two looks.
    static let interval: Duration = .seconds(5)
    /// Of one core, between two looks.
    static let busyShare = 0.1
    /// Looks in a row that must find the processes idle.
    static let idleLooks = 4

    private var ticks: UInt64?
    private var idle = 0

    /// - Parameters:
    ///   - total: processor time of all that is left, in ticks of 1/100 s.
    ///   - elapsed: since the last look.
    /// - Returns: whether they have been idle for long enough.
    mutating func mayEnd(total: UInt64, elapsed: Duration) -> Bool {
        defer { ticks = total }
        guard let before = ticks else { return false }
        // The sum shrinks when one of them ends.
        let used = total > before ? Double(total - before) / 100 : 0
        idle = used > Self.busyShare * elapsed.seconds ? 0 : idle + 1
        return idle >= Self.idleLooks
    }
}
