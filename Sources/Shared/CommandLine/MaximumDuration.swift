/// `--max_duration`: a limit, or none where that is spelled out.
package enum MaximumDuration: Sendable, Hashable, CustomStringConvertible {
    case limit(TimeSpan)
    case never

    package static let expectation =
        TimeSpan.expectation(in: Job.Bounds.maxDuration) + ", or never"

    package init?(_ text: String) {
        if text == "never" {
            self = .never
        } else if let span = TimeSpan(text), Job.Bounds.maxDuration.contains(span.seconds) {
            self = .limit(span)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .limit(let span): span.description
        case .never: "never"
        }
    }

    package var limit: TimeSpan? {
        if case .limit(let span) = self { span } else { nil }
    }
}
