import Shared
import Synchronization

/// Shows what Terraform does from its events, and keeps what went wrong.
///
/// On a terminal one live line with the time of the oldest operation; each resource that is done
/// stays as a line of its own, in a pipe too.
final class TerraformProgress: Sendable {
    private struct State {
        var rest: [UInt8] = []
        /// Begun and not ended, in order.
        var running: [(address: String, action: String, since: ContinuousClock.Instant)] = []
        var done = 0
        var planned = 0
        var errors: [TerraformEvent.Diagnostic] = []
    }

    private let line: LiveLine
    private let state = Mutex(State())

    init(_ line: LiveLine) { self.line = line }

    /// The errors so far, in Terraform's order.
    var errors: [TerraformEvent.Diagnostic] { state.withLock { $0.errors } }

    /// Takes the next piece of Terraform's stdout, wherever it is cut.
    func read(_ bytes: ArraySlice<UInt8>) {
        let events = state.withLock { state -> [TerraformEvent] in
            state.rest += bytes
            var lines = state.rest.split(separator: 0x0A, omittingEmptySubsequences: false)
            state.rest = Array(lines.removeLast())
            return lines.compactMap { TerraformEvent(line: $0) }
        }
        events.forEach(take)
    }

    private func take(_ event: TerraformEvent) {
        let address = event.hook?.resource?.addr ?? ""
        switch event.type {
        case "planned_change":
            state.withLock { $0.planned += 1 }
        case "apply_start":
            let action = event.hook?.action ?? ""
            state.withLock { $0.running.append((address, action, ContinuousClock.now)) }
        case "apply_complete", "apply_errored":
            let ended = state.withLock { state -> (action: String, seconds: Double)? in
                guard let index = state.running.firstIndex(where: { $0.address == address })
                else { return nil }
                let entry = state.running.remove(at: index)
                state.done += 1
                return (entry.action, (ContinuousClock.now - entry.since).seconds)
            }
            guard let ended else { return }
            let isDone = event.type == "apply_complete"
            let verbs = isDone ? Self.past : Self.failed
            let verb = verbs[ended.action] ?? harmless(ended.action)
            let time = TimeSpan(seconds: ended.seconds)
            line.say(isDone ? .good : .bad, "\(verb) \(harmless(address))  \(time)", indent: "  ")
        case "diagnostic":
            guard let diagnostic = event.diagnostic, diagnostic.severity == "error" else { return }
            state.withLock { $0.errors.append(diagnostic) }
        default:
            break
        }
    }

    /// Renews the live line; called as time passes.
    func tick() {
        let text = state.withLock { state -> String? in
            guard let oldest = state.running.first else { return nil }
            let time = TimeSpan(seconds: (ContinuousClock.now - oldest.since).seconds)
            let verb = Self.present[oldest.action] ?? oldest.action
            let more = state.running.count > 1 ? " and \(state.running.count - 1) more" : ""
            let count = state.planned > 0 ? "  \(state.done)/\(state.planned)" : ""
            return "  \(verb) \(harmless(oldest.address))\(more) … \(time)\(count)"
        }
        if let text { line.update(text) }
    }

    private static let present = [
        "create": "creating", "update": "changing", "delete": "removing", "read": "reading",
    ]
    private static let failed = [
        "create": "could not create", "update": "could not change", "delete": "could not remove",
        "read": "could not read",
    ]
    private static let past = [
        "create": "created", "update": "changed", "delete": "removed", "read": "read",
    ]
}
