import Shared

/// Whether a trainer that has ended is started again on this machine, and when: pure.
enum RestartPolicy {
    /// How an attempt ended, and how far the training was by then.
    struct Attempt {
        var end: Trainer.End
        /// What it printed as the reason, and where that was raised.
        var error: PythonError.Found?
        /// By observer or metrics: 0 before the first one, nil where nothing says it.
        var step: Int64?
        /// The highest number of a whole checkpoint.
        var checkpoint: Int64?
        /// The machine is the reason, and not the program.
        var isHardware: Bool
    }

    /// What follows.
    enum Decision: Equatable {
        /// It has succeeded or was asked to stop, or the run is over.
        case ends
        /// `--max_restarts` is used up.
        case spent
        /// It fails at the same place again and again.
        case repeats
        /// The hardware fails again and again.
        case hardware
        /// It is started again after so many seconds, and the record says what is known by then.
        case startsAgain(RestartRecord, after: Double)
    }

    /// In a row, without progress: then another start on this machine helps no more.
    static let mostOfHardware = 3
    /// In seconds. Whatever is away that long can be looked for every five minutes.
    static let longestWait = 300.0

    /// - Parameters:
    ///   - former: of the ends before, on all machines; nil for none.
    ///   - limit: the job's `max_restarts`.
    ///   - firstWait: in seconds; doubled with each end at which the training has not moved.
    static func decide(
        after attempt: Attempt, former: RestartRecord?, isStopping: Bool, limit: Int,
        firstWait: Double
    ) -> Decision {
        // One that leaves with 0 since it was asked to go has been stopped, not finished.
        let end = attempt.end
        guard !end.wasStopped, end.wasStalled || !end.termination.succeeded, !isStopping else {
            return .ends
        }
        let former = former ?? RestartRecord()
        var record = former
        record.step = [former.step, attempt.step].compactMap(\.self).max()
        record.checkpoint = [former.checkpoint, attempt.checkpoint].compactMap(\.self).max()
        record.exception = attempt.error?.exception
        record.frame = attempt.error?.frame
        record.failedStep = attempt.step
        let hasMoved =
            isBeyond(record.step, former.step)
            || isBeyond(record.checkpoint, former.checkpoint)
        if hasMoved { (record.spent, record.hardware) = (0, 0) }
        if attempt.isHardware {
            guard record.hardware < mostOfHardware else { return .hardware }
            record.hardware += 1
        } else {
            if !hasMoved, isSame(attempt, former) { return .repeats }
            guard record.spent < limit else { return .spent }
            record.spent += 1
        }
        let count = record.spent + record.hardware
        let wait = firstWait * Double(1 << min(count - 1, 20))
        return .startsAgain(record, after: min(wait, longestWait))
    }

    /// Whether a number is higher than before, where one that was not known counts as 0.
    private static func isBeyond(_ number: Int64?, _ former: Int64?) -> Bool {
        number.map { $0 > former ?? 0 } ?? false
    }

    /// A network that is away makes the same exception each time and comes back.
    private static func isSame(_ attempt: Attempt, _ former: RestartRecord) -> Bool {
        guard let error = attempt.error, let frame = error.frame, let step = attempt.step else {
            return false
        }
        return former.exception == error.exception && former.frame == frame
            && former.failedStep == step && !error.isOfNetwork
    }
}
