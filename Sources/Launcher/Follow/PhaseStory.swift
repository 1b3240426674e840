import Shared

/// Tells what is new in a run's status since the last look, each thing once.
struct PhaseStory: Sendable {
    struct News: Sendable, Equatable {
        enum Tone: Sendable { case good, bad, neutral, warning }
        var tone: Tone
        var text: String
    }

    private var begun: Set<String> = []
    private var ended: Set<String> = []
    private var warnings = 0
    private var lastSyncError: String?

    init() {}

    mutating func news(in status: RunStatus?) -> [News] {
        guard let status else { return [] }
        var news: [News] = []
        for (index, record) in status.phases.enumerated() {
            let key = "\(index) \(record.phase.rawValue)"
            if record.state == .running {
                if begun.insert(key).inserted {
                    news.append(News(tone: .neutral, text: record.phase.title + " …"))
                }
            } else if ended.insert(key).inserted, record.phase != .finished {
                news.append(Self.end(of: record))
            }
        }
        for warning in status.warnings.dropFirst(warnings) {
            news.append(News(tone: .warning, text: harmless(warning)))
        }
        warnings = max(warnings, status.warnings.count)
        if status.sync.lastError != lastSyncError {
            lastSyncError = status.sync.lastError
            news.append(
                lastSyncError.map { News(tone: .warning, text: "sync failed: \(harmless($0))") }
                    ?? News(tone: .good, text: "sync works again"))
        }
        return news
    }

    private static func end(of record: RunStatus.PhaseRecord) -> News {
        var text = record.phase.title
        if record.state == .skipped { text += ": not needed" }
        if let ended = record.endedAt, record.state != .skipped {
            text += "  \(TimeSpan(seconds: ended.timeIntervalSince(record.startedAt)))"
        }
        if let message = record.message, !message.isEmpty { text += "  \(harmless(message))" }
        let tone: News.Tone = record.state == .failed ? .bad : .good
        return News(tone: tone, text: text)
    }
}
