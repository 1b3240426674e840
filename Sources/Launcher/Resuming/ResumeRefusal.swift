import Shared

/// Why a run is not started again: pure.
enum ResumeRefusal {
    /// - Parameters:
    ///   - secondsLeft: of its longest time, over all attempts; nil where nothing limits it.
    ///   - shortest: for which a machine is had.
    /// - Returns: nil where it can be started again.
    static func of(
        _ view: RunView, secondsLeft: Double?, shortest: Double, now: Date
    ) -> Failure? {
        let name = view.run.name
        let goesOn = "train start --initial_output \(name) takes its output into a new run"
        if view.run.presence == .lost {
            return Failure(
                "the state bucket has lost \(name), so what is left of it is not known",
                hint: "collect what there is: train finish \(name)")
        }
        switch view.state {
        case .finishedElsewhere:
            return Failure(
                "another computer has finished \(name)",
                hint: "remove what is kept of it here: train finish \(name)")
        case .starting:
            return Failure(
                "\(name) was never started in full",
                hint: "remove what is left with train finish \(name), then start it anew")
        case .running:
            return Failure(
                "\(name) is still alive: \(StatusText.headline(view, now: now))",
                hint: "look at it: train status \(name); end it: train stop \(name)")
        case .collected:
            return Failure(
                "\(name) is collected already",
                hint: "train start --initial_output FOLDER takes its output into a new run")
        case .ended, .dead: break
        }
        if view.record.isAttached == true {
            return Failure(
                "\(name) was started on another computer, which alone has its code",
                hint: "call train resume \(name) there; or \(goesOn)")
        }
        let outcome = view.status?.outcome
        if outcome?.kind == .succeeded {
            return Failure(
                "\(name) has succeeded: there is nothing left to train",
                hint: "collect it: train finish \(name); \(goesOn)")
        }
        if let secondsLeft, secondsLeft < shortest {
            let left = TimeSpan(seconds: max(0, secondsLeft))
            return Failure(
                "of the longest time of \(name) only \(left) is left: it counts over all attempts",
                hint: "with another --max_duration: \(goesOn)")
        }
        if let outcome, outcome.kind != .preempted, !view.run.cloud.isThisComputer,
            view.status?.sync.verified != true
        {
            return Failure(
                "the last sync of \(name) is not verified: its machine's disk may hold output that "
                    + "is nowhere else, and would be lost with the machine",
                hint: "start that machine in the cloud's console and wait for its last sync; or "
                    + "collect what there is: train finish \(name) --force \(name)")
        }
        return nil
    }
}
