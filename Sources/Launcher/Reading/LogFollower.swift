import Shared

/// Hands on the lines of a run's file, and goes on with new ones until the run has ended.
struct LogFollower: Sendable {
    /// What happens on the way.
    enum News: Sendable {
        case line(LogLine)
        /// The line under way has changed: a progress bar.
        case update(LogLine)
        /// Nothing can be read for a while; said once.
        case trouble(Failure)
        case rewritten
    }

    let run: ReadableRun
    let isFollowing: Bool

    /// Reads from `reader` on; `tell` returns false once there is no listener.
    ///
    /// A place that does not answer is asked again while it follows.
    ///
    /// - Throws: `Failure` where nothing can be read and it does not follow; `CancellationError`.
    func follow(_ reader: LogReader, tell: (News) -> Bool) async throws {
        var reader = reader
        var problem: String?
        var hasEnded = false
        var lastLook: Date?
        while true {
            do {
                switch try await reader.step() {
                case .lines(let lines, let more):
                    problem = nil
                    for line in lines where !tell(.line(line)) { return }
                    if more { continue }
                    if let line = reader.assembler.unfinished, !tell(.update(line)) { return }
                case .rewritten:
                    guard tell(.rewritten) else { return }
                    continue
                case .nothing: problem = nil
                }
                // A look after the end: what it does not show will never come.
                if hasEnded || !isFollowing { break }
                hasEnded = try await run.hasEnded(lastLook: &lastLook)
            } catch let failure as Failure where isFollowing {
                if problem != failure.summary, !tell(.trouble(failure)) { return }
                problem = failure.summary
            }
            if !hasEnded { try await run.source.pause() }
        }
        for line in reader.flush() where !tell(.line(line)) { return }
    }
}
