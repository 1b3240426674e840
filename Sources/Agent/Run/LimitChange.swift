import Shared

/// What becomes of the longest time of a run when somebody asks for another: pure.
enum LimitChange {
    /// - Parameters:
    ///   - job: with the longest time that counts now.
    ///   - now: by the wall clock, as the limit itself.
    /// - Returns: the longest time from then on, in seconds from the run's creation.
    /// - Throws: `Failure` that says why it stays as it is.
    static func longest(asked request: ControlRequest, of job: Job, now: Date) throws -> Double {
        guard let current = job.maxDurationSeconds else {
            throw Failure("the run has no limit that could be moved")
        }
        guard
            let asked = request.maxDurationSeconds ?? request.addedSeconds.map({ current + $0 }),
            Job.Bounds.maxDuration.contains(asked)
        else { throw Failure("the request names no time that a run can have") }
        // A machine's timer counts whole seconds.
        let longest = asked < 1 ? asked : asked.rounded(.down)
        guard longest > current else {
            throw Failure(
                "the longest time is \(TimeSpan(seconds: current)) already, "
                    + "and is only made longer")
        }
        if let cost = job.cost, longest > cost.seconds {
            throw Failure(
                "--max_cost of the start allows \(TimeSpan(seconds: cost.seconds)) at most")
        }
        if let hard = job.hardLimitSeconds, longest > hard {
            throw Failure(
                "the cloud turns this machine off after \(TimeSpan(seconds: hard)), which cannot be "
                    + "moved; the next run can have more by --hard_limit")
        }
        return longest
    }
}
