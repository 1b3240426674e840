/// How `train doctor` takes what a cloud's tool said.
enum Verdict: Sendable, Equatable {
    /// With what is worth showing.
    case good(String)
    /// It may go wrong, or could not be told; with what to do.
    case warning(String, hint: String?)
    /// A start would fail; with what to do.
    case problem(String, hint: String?)
}

/// One question of `train doctor` to a cloud's tool.
struct ToolCheck: Sendable {
    var title: String
    var arguments: [String]
    /// What to do where the tool refuses, or the verdict says nothing of its own.
    var hint: String
    /// Judges the answer. A token may be in it, so only what a verdict says is shown.
    var judge: @Sendable (String) -> Verdict = { _ in .good("as needed") }
}
