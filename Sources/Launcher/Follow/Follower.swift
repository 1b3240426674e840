import Shared

/// Shows a run as it goes on until it has ended.
///
/// On a terminal one live line under the phases that are done; in a pipe a line for each change.
struct Follower: Sendable {
    let cloud: any Cloud
    let line: LiveLine
    let now: @Sendable () -> Date
    var interval: Duration = .seconds(1)

    /// - Returns: the run when it had ended, with or without an outcome.
    /// - Throws: `CancellationError` where the task is cancelled; the run goes on.
    func follow(_ record: RunRecord, in folder: RunFolder) async throws -> RunView {
        var story = PhaseStory()
        var lastProblem: String?
        let ticks = Ticks.every(interval)
        var iterator = ticks.makeAsyncIterator()
        while true {
            do {
                let view = try await RunView.look(at: record, in: folder, cloud: cloud)
                lastProblem = nil
                for news in story.news(in: view.status) {
                    // What has begun is in the live line, where there is one.
                    if news.tone == .neutral && line.isInteractive { continue }
                    line.say(decorated(news))
                }
                guard view.state == .running else {
                    line.clear()
                    return view
                }
                line.update(StatusText.live(view, now: now()))
            } catch let failure as Failure where failure.summary != lastProblem {
                // A bucket that cannot be read for a while is no reason to stop looking.
                lastProblem = failure.summary
                line.say("cannot see the run now: \(failure.summary); looking again")
            } catch is Failure {}
            _ = await iterator.next()
            try Task.checkCancellation()
        }
    }

    private func decorated(_ news: PhaseStory.News) -> String {
        switch news.tone {
        case .good: "\(line.coloured("✓", .green)) \(news.text)"
        case .bad: "\(line.coloured("✗", .red)) \(news.text)"
        case .neutral: "  \(news.text)"
        case .warning: "\(line.coloured("!", .yellow)) \(news.text)"
        }
    }
}
