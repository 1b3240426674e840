import Shared

/// Asks the user on the terminal.
struct Question: Sendable {
    let context: Context

    /// Whether somebody is there to answer.
    var isPossible: Bool { context.terminal.isInteractive && context.isInputTerminal }

    /// The answer, or `suggestion` where it is empty; nil at the end of the input.
    func ask(_ text: String, suggestion: String?) async -> String? {
        context.console.error(text + (suggestion.map { " [\($0)]" } ?? "") + ": ")
        let answer = await offTaskThreads { [readAnswer = context.readAnswer] in readAnswer() }
        guard let words = answer?.trimmingSpaces else { return nil }
        return words.isEmpty ? suggestion : words
    }
}
