import Shared

/// Reports what is new in a run's status since the last look, each change once.
struct StatusChanges: Sendable {
    struct Change: Sendable, Equatable {
        enum Tone: Sendable { case good, bad, neutral, warning }
        var tone: Tone
        var text: String
    }

    private var begun: Set<String> = []
    private var ended: Set<String> = []
    private var warnings = 0
    private var lastSyncError: String?
    private var isStalled = false

    init() {}

    mutating func news(in status: RunStatus?) -> [Change] {
        guard let status else { return [] }
        var news: [Change] = []
        for (index, record) in status.phases.enumerated() {
            let key = "\(index) \(record.phase.rawValue)"
            if record.state == .running {
                if begun.insert(key).inserted {
                    news.append(Change(tone: .neutral, text: record.phase.title + " …"))
                }
            } else if ended.insert(key).inserted, record.phase != .finished {
                news.append(Self.end(of: record))
            }
        }
        for warning in status.warnings.dropFirst(warnings) {
            news.append(Change(tone: .warning, text: oneLine(warning)))
        }
        warnings = max(warnings, status.warnings.count)
        if (status.stalled != nil) != isStalled {
            isStalled.toggle()
            let place = status.stalled?.report.map { "; where: \(oneLine($0))" } ?? ""
            news.append(
                isStalled
                    ? Change(tone: .warning, text: "the training stands still" + place)
                    : Change(tone: .good, text: "the training moves again"))
        }
        if status.sync.lastError != lastSyncError {
            lastSyncError = status.sync.lastError
            news.append(
                lastSyncError.map { Change(tone: .warning, text: "sync failed: \(oneLine($0))") }
                    ?? Change(tone: .good, text: "sync works again"))
        }
        return news
    }

    private static func end(of record: RunStatus.PhaseRecord) -> Change {
        var text = record.phase.title
        if record.state == .skipped { text += ": not needed" }
        if let ended = record.endedAt, record.state != .skipped {
            text += "  \(TimeSpan(seconds: ended.timeIntervalSince(record.startedAt)))"
        }
        if let message = record.message, !message.isEmpty { text += "  \(oneLine(message))" }
        let tone: Change.Tone = record.state == .failed ? .bad : .good
        return Change(tone: tone, text: text)
    }
}
