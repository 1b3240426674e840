import Shared

/// What `train wait` waits for.
enum WaitCondition: Sendable, Equatable, CustomStringConvertible {
    case ended
    case alert
    /// The training has made so many steps.
    case step(Int64)

    /// Reads `--until`; nil for any other text.
    init?(_ text: String) {
        switch text {
        case "ended": self = .ended
        case "alert": self = .alert
        default:
            guard text.hasPrefix("step="), let step = Int64(text.dropFirst(5)), step >= 0 else {
                return nil
            }
            self = .step(step)
        }
    }

    var description: String {
        switch self {
        case .ended: "ended"
        case .alert: "alert"
        case .step(let step): "step=\(step)"
        }
    }
}

/// Looks at a run until a condition holds or cannot hold any more.
struct Waiting: Sendable {
    let run: ReadableRun
    let condition: WaitCondition
    /// Where trouble is told.
    let line: LiveLine

    /// The kind of the events that users and rules raise.
    static let alertKind = "alert"

    /// - Throws: `Failure` where the first look finds nothing; `CancellationError`.
    func answer() async throws -> Wait.Answer {
        let began = run.view?.run.context.now() ?? .distantPast
        var feed = EventFeed()
        let start = condition == .alert ? try await run.source.size(of: BucketLayout.events) : 0
        var events = EventFeed.reader(of: run.source, from: start)
        var lastLook: Date?
        var problem: String?
        while true {
            do {
                // First: what was said before the end counts.
                let hasEnded = try await run.hasEnded(lastLook: &lastLook)
                if condition == .alert,
                    let alert = try await alert(in: &events, &feed, since: began)
                {
                    return Wait.Answer(happened: true, timedOut: false, alert: alert)
                }
                let status = try await run.source.status()
                problem = nil
                if case .step(let step) = condition, let progress = status?.progress,
                    progress.step >= step
                {
                    return Wait.Answer(happened: true, timedOut: false, progress: progress)
                }
                if hasEnded {
                    return Wait.Answer(
                        happened: condition == .ended, timedOut: false, outcome: status?.outcome,
                        progress: status?.progress)
                }
            } catch let failure as Failure {
                // A network that is away for a while is no answer.
                if problem != failure.summary {
                    line.say(
                        .warning, "the run cannot be seen now: \(failure.summary); looking again")
                }
                problem = failure.summary
            }
            try await run.source.pause()
        }
    }

    /// - Parameter began: what an older line says of another machine's file is no news.
    private func alert(
        in events: inout LogReader, _ feed: inout EventFeed, since began: Date
    ) async throws -> Event? {
        var isOld = false
        while true {
            switch try await events.step() {
            case .nothing: return nil
            case .rewritten: isOld = true
            case .lines(let lines, let more):
                let alert = lines.compactMap { feed.take($0) }.first {
                    $0.kind.rawValue == Self.alertKind && (!isOld || $0.time >= began)
                }
                if let alert { return alert }
                if !more { return nil }
            }
        }
    }
}
