import Shared

/// A program of the user's own that is told, on this computer, of a run's alerts and of its end.
///
/// What a run says reaches it as environment variables and never as arguments. Nothing of the run
/// waits for it, and what goes wrong with it is a warning.
struct EndHook: Sendable {
    /// The program and its arguments; no shell reads them.
    let words: [String]

    static let expectation = "a program and its arguments, or a JSON array of them"
    private static let patience: Duration = .seconds(60)

    /// Reads `--on_end`: a JSON array of texts, or words between blanks, in quotes where they hold
    /// some; nil for what is neither.
    init?(_ text: String) {
        if text.hasPrefix("[") {
            guard let words = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
                return nil
            }
            self.words = words
        } else {
            guard let words = Self.split(text) else { return nil }
            self.words = words
        }
        guard let program = words.first, !program.isEmpty,
            words.allSatisfy({ !$0.unicodeScalars.contains("\0") })
        else { return nil }
    }

    /// As a POSIX shell splits words, but nothing is expanded; nil where a quote is not closed.
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return quote == nil && !isEscaped ? words : nil
    }

    /// Calls it.
    ///
    /// - Parameters:
    ///   - event: `alert` or `ended`.
    ///   - outcome: such as `succeeded`, once it is known.
    func tell(
        _ event: String, of run: RunName, outcome: String = "", message: String,
        _ context: Context
    ) async {
        var command = Command(words[0], Array(words.dropFirst()))
        command.environment = [
            "TRAIN_RUN": "\(run)", "TRAIN_EVENT": event, "TRAIN_OUTCOME": outcome,
            "TRAIN_MESSAGE": harmlessLine(message),
        ]
        do {
            let result = try await context.runner.run(command, timeout: Self.patience)
            guard !result.succeeded else { return }
            let words = result.timedOut ? "did not end within a minute" : Self.words(result)
            context.console.error("warning: --on_end \(words)\n")
        } catch {
            let words = (error as? Failure)?.summary ?? "\(error)"
            context.console.error("warning: --on_end: \(oneLine(words))\n")
        }
    }

    private static func words(_ result: CommandResult) -> String {
        switch result.termination {
        case .exited(let status): "ended with exit status \(status)"
        case .signalled(let signal): "was killed by signal \(signal)"
        }
    }

    /// Does `body`, telling meanwhile of each alert, and of all that came until it returned.
    ///
    /// - Parameter offset: where in the run's events begins what is to be told.
    func watching<Result>(
        _ run: ReadableRun, from offset: Int64, _ context: Context,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let alerts = AlertFeed(run: run, hook: self, context: context, from: offset)
        let task = Task { [alerts] in
            var alerts = alerts
            while !Task.isCancelled {
                await alerts.tellNews()
                // Cancelled once the body has returned.
                try? await run.source.pause()
            }
            return alerts
        }
        do {
            let result = try await body()
            task.cancel()
            var rest = await task.value
            await rest.tellNews()
            return result
        } catch {
            task.cancel()
            throw error
        }
    }

    /// The alerts of a run that were not reported yet.
    private struct AlertFeed: Sendable {
        let run: ReadableRun
        let hook: EndHook
        let context: Context
        private var feed = EventFeed()
        private var reader: LogReader

        init(run: ReadableRun, hook: EndHook, context: Context, from offset: Int64) {
            (self.run, self.hook, self.context) = (run, hook, context)
            reader = EventFeed.reader(of: run.source, from: offset)
        }

        mutating func tellNews() async {
            while true {
                // Where it cannot be read now, the next look tries again.
                guard case .lines(let lines, let more)? = try? await reader.step() else { return }
                for event in lines.compactMap({ feed.take($0) })
                where event.kind.rawValue == Waiting.alertKind {
                    await hook.tell("alert", of: run.name, message: event.message, context)
                }
                if !more { return }
            }
        }
    }
}
