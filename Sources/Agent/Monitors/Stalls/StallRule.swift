import Shared

/// Whether a training stands still: pure.
///
/// A step that takes long is no stall, nor is an evaluation between two steps. So the limit grows
/// with the pace: ten times the 99th percentile of a step's time, and twice the longest pause that
/// ended by itself, but never less than five minutes. As long as no pace is known, and after the last
/// step, a training stands still when it has neither printed nor written anything for half an hour.
struct StallRule: Sendable {
    /// What one look at the training found.
    struct Look: Sendable {
        /// Seconds since the look before.
        var elapsed: Double
        /// Which start of the trainer it is.
        var start: Int32
        var step: Int64?
        /// No step comes after it.
        var isLastStep = false
        /// The log is longer than at the look before.
        var hasPrinted = false
    }

    /// All in seconds.
    static let shortestLimit = 300.0
    static let limitWithoutPace = 1800.0
    /// An evaluation that prints is waited for this much longer.
    static let patienceWithPrinter = 3600.0
    /// Before it nothing is restarted or stopped, where the user names no limit.
    static let patienceBeforeAction = 1800.0
    /// Longer pauses than this say nothing of the next one.
    static let longestPause = 3600.0
    /// A longer time between two looks is not the training's: the agent did not run meanwhile.
    private static let longestLook = 60.0
    private static let leastSteps = 50.0
    private static let leastAdvances = 10

    /// Of the user's own; nil for the pace.
    private let given: Double?
    private var start: Int32?
    private var step: Int64?
    private var isLastStep = false
    /// Of this start of the trainer.
    private var advances = 0
    private var times = StepTimes()
    private var longest = 0.0
    /// Seconds without a step.
    private(set) var standing = 0.0
    /// Seconds without a step, a line or a written file.
    private(set) var quiet = 0.0
    private(set) var isStalled = false
    /// For how long it stood, once it moves again.
    private var hasResumed: Double?

    /// - Parameter given: the limit in seconds where the user names one.
    init(given: Double? = nil) { self.given = given }

    /// Takes in what a look found.
    mutating func look(_ look: Look) {
        if look.start != start { begin(look.start) }
        let elapsed = min(max(0, look.elapsed), Self.longestLook)
        standing += elapsed
        quiet += elapsed
        isLastStep = look.isLastStep
        if look.hasPrinted { grew(ago: 0) }
        if let new = look.step, new != step {
            if let step { advance(from: step, to: new, elapsed) }
            step = new
            moved()
        }
    }

    /// Something was printed or written that many seconds ago.
    mutating func grew(ago: Double) {
        if isStalled, !countsSteps, ago < quiet { resume() }
        quiet = min(quiet, max(0, ago))
    }

    /// Whether the limit has passed and nobody was told yet.
    var mustTell: Bool {
        guard !isStalled else { return false }
        guard countsSteps else { return quiet > limit }
        guard standing > limit else { return false }
        return given != nil || quiet > limit || standing > limit + Self.patienceWithPrinter
    }

    /// Whether what was written last decides, and must be looked at before anybody is told.
    var dependsOnFiles: Bool { given == nil || !countsSteps }

    /// Whether it has stood for long enough to be restarted or stopped.
    var mayAct: Bool {
        isStalled && (given != nil || standing > max(limit, Self.patienceBeforeAction))
    }

    /// Seconds after which it counts as a stall.
    var limit: Double {
        if let given { return given }
        guard countsSteps else { return Self.limitWithoutPace }
        return max(Self.shortestLimit, 10 * times.percentile99, 2 * longest)
    }

    /// Steps are what is waited for; else anything that is printed or written.
    var countsSteps: Bool {
        guard !isLastStep else { return false }
        if given != nil { return advances > 0 }
        return advances >= Self.leastAdvances && times.count >= Self.leastSteps
    }

    /// Somebody was told.
    mutating func told() { isStalled = true }

    /// For how many seconds it stood, once after it moves again.
    mutating func takeResumed() -> Double? {
        defer { hasResumed = nil }
        return hasResumed
    }

    private mutating func begin(_ new: Int32) {
        start = new
        step = nil
        advances = 0
        isStalled = false
        (standing, quiet) = (0, 0)
    }

    private mutating func advance(from old: Int64, to new: Int64, _ elapsed: Double) {
        longest = max(longest, min(standing, Self.longestPause))
        let (count, isTooMuch) = new.subtractingReportingOverflow(old)
        // A count that begins anew is a sign of life and no pace.
        guard !isTooMuch, count > 0 else { return }
        advances += 1
        if standing <= 2 * elapsed {
            times.add(standing / Double(count), count: Double(count))
        } else {
            // A pause, and then the steps of this look.
            times.add(standing, count: 1)
            times.add(elapsed / Double(count), count: Double(count - 1))
        }
    }

    private mutating func moved() {
        if isStalled { resume() }
        (standing, quiet) = (0, 0)
    }

    private mutating func resume() {
        isStalled = false
        hasResumed = standing
    }
}
