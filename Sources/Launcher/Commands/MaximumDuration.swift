import Shared

/// `--max_duration`: a limit, or none where that is spelled out.
enum MaximumDuration: Sendable, Equatable, CustomStringConvertible {
    case limit(TimeSpan)
    case never

    static let expectation = TimeSpan.expectation + ", or never"

    init?(_ text: String) {
        if text == "never" {
            self = .never
        } else if let span = TimeSpan(text) {
            self = .limit(span)
        } else {
            return nil
        }
    }

    var description: String {
        switch self {
        case .limit(let span): span.description
        case .never: "never"
        }
    }

    var limit: TimeSpan? {
        if case .limit(let span) = self { span } else { nil }
    }
}
