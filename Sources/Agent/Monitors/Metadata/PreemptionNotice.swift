import Shared

/// The cloud's word that it takes this machine away.
struct PreemptionNotice: Sendable, Equatable {
    /// From now until the work must be done.
    var allowed: Duration
    /// The cloud starts the machine again later, but only one that it has stopped by itself.
    var mustAwaitCloud = false

    /// The time that is left to work in.
    ///
    /// - Parameters:
    ///   - end: when the cloud acts, where it says so.
    ///   - usual: what the cloud promises; believed where `end` is absent, past or too far away, since
    ///     this machine's clock may be wrong.
    ///   - longest: the farthest `end` that is believed.
    ///   - margin: kept back for the run's last words and the power-off.
    static func time(
        until end: Date?, now: Date, usual: Duration, longest: Duration, margin: Duration
    ) -> Duration {
        let told = end.map { $0.timeIntervalSince(now) } ?? 0
        let left = told > 0 && told <= longest.seconds ? Duration.seconds(told) : usual
        return max(left - margin, left / 2)
    }
}

extension MetadataWatch {
    /// Ends trainer and run within the notice's time.
    func obey(_ notice: PreemptionNotice, _ context: RunContext) {
        guard context.stop.takenAway(notice) else { return }
        let seconds = Int(notice.allowed.seconds)
        context.board.event(
            .warning, "the cloud takes this machine back: \(seconds) s for checkpoint and last sync"
        )
    }
}
