import Shared
import Synchronization

/// Sends alerts and the run's end to the address that `--webhook` names.
///
/// The machine's Python speaks HTTPS, which this program does not. The address is a secret: it goes
/// to Python by stdin, and stands in no argument, log or event. Nothing waits for it but the last
/// moments of a run, and a failure is a warning.
final class Webhook: EventSink {
    private struct State {
        var url: String?
        var warn: @Sendable (String) -> Void = { _ in }
        var waiting: [Event] = []
        var isSending = false
    }

    /// Further ones are events alone.
    private static let mostWaiting = 100
    private static let patience: Duration = .seconds(10)

    private let run: RunName
    /// Of the run; where it is not made yet, the machine's own serves.
    private let python: String
    private let host: Host
    private let state = Mutex(State())

    init(of job: Job, host: Host) {
        (run, self.host) = (job.run, host)
        python = VirtualEnvironment(directory: job.work.environment).python
    }

    /// Sends what has come and what will come.
    ///
    /// - Parameter warn: told what went wrong, never the address.
    func open(_ url: String, warn: @escaping @Sendable (String) -> Void) {
        state.withLock { ($0.url, $0.warn) = (url, warn) }
        sendSoon()
    }

    func receive(_ event: Event, isLogged: Bool) {
        guard event.kind == .alert || event.kind == .outcome else { return }
        state.withLock { if $0.waiting.count < Self.mostWaiting { $0.waiting.append(event) } }
        sendSoon()
    }

    /// Returns when nothing is left to send, or `limit` is over.
    func finish(within limit: Duration) async {
        var waited: Duration = .zero
        while waited < limit, state.withLock({ $0.url != nil && $0.isSending }) {
            // Nobody cancels the end of a run.
            try? await host.clock.sleep(for: .milliseconds(50))
            waited += .milliseconds(50)
        }
    }

    private func sendSoon() {
        let isFirst = state.withLock { state in
            guard state.url != nil, !state.waiting.isEmpty, !state.isSending else { return false }
            state.isSending = true
            return true
        }
        if isFirst { Task { await sendAll() } }
    }

    private func sendAll() async {
        while let (event, url, warn) = next() {
            do {
                let text = try WebhookBody(event, of: run).json()
                try await send(text, to: url)
            } catch {
                warn(
                    "the webhook did not take a message: \((error as? Failure)?.summary ?? "\(error)")"
                )
            }
        }
    }

    private func next() -> (Event, String, @Sendable (String) -> Void)? {
        state.withLock { state in
            guard let url = state.url, !state.waiting.isEmpty else {
                state.isSending = false
                return nil
            }
            return (state.waiting.removeFirst(), url, state.warn)
        }
    }

    private func send(_ body: String, to url: String) async throws {
        var command = Command(
            exists(python) ? python : "python3", ["-I", "-S", "-c", EnvironmentTools.postWebhook])
        command.input = .data(try JSONEncoder().encode([url, body]))
        var retry = Retry()
        (retry.clock, retry.first) = (host.clock, .seconds(2))
        let result = try await retry.run(attempts: 3) {
            let result = try await host.runner.run(command, timeout: Self.patience)
            // 75: worth another try (EX_TEMPFAIL, sysexits.h).
            if result.timedOut || result.termination == .exited(75) {
                throw Failure(result.timedOut ? "no answer in time" : result.lastLines(1))
            }
            return result
        }
        guard result.succeeded else { throw Failure(result.lastLines(1)) }
    }
}

/// One body for all: Slack reads `text`, Discord `content`, ntfy's template `message`, programs the
/// rest.
struct WebhookBody: Encodable {
    /// Discord refuses more than 2,000 characters.
    private static let longest = 1500

    var text: String
    var content: String
    var message: String
    /// Nobody is called by what a training says, such as `@everyone` (Discord).
    var allowedMentions = ["parse": [String]()]
    var run: String
    var kind: String
    var level: String?
    var time: Date

    init(_ event: Event, of run: RunName) {
        message = String(harmlessLine("\(run): \(event.message)").prefix(Self.longest))
        content = message
        // Slack's three characters of control (api.slack.com/reference/surfaces/formatting).
        text = message.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;")
        self.run = run.description
        kind = event.kind.rawValue
        if case .string(let level)? = event.details?["level"] { self.level = level }
        time = event.time
    }

    func json() throws -> String { String(decoding: try JSONFormat.line(self), as: UTF8.self) }
}
