import Shared

/// Makes events of the lines of `run/events.jsonl`, each once.
///
/// A new machine writes the file anew, with the events of those before it at its beginning: what was
/// told already is not told again.
struct EventFeed: Sendable {
    private var told: Set<[UInt8]> = []

    static func reader(of source: any RunPlace, from offset: Int64 = 0) -> LogReader {
        LogReader(source: source, path: BucketLayout.events, isIndexed: false, from: offset)
    }

    /// Nil for what was told before or is no event.
    mutating func take(_ line: LogLine) -> Event? {
        guard !line.isCut, told.insert(line.kept).inserted else { return nil }
        return try? JSONFormat.decoder().decode(Event.self, from: Data(line.kept))
    }
}

/// An event in words.
enum EventText {
    /// `2026-01-31T12:00:00Z  warning  the disk is nearly full`, with the attempt from the second on.
    static func line(_ event: Event) -> String {
        let kind = event.kind.rawValue.replacing("_", with: " ")
        let attempt = event.attempt > 1 ? "attempt \(event.attempt)  " : ""
        let padded = kind + String(repeating: " ", count: max(0, 13 - kind.count))
        return oneLine("\(event.time.formatted(.iso8601))  \(padded)  \(attempt)\(event.message)")
    }
}
