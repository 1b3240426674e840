/// How `train doctor` rates what a cloud's tool answered.
enum CheckResult: Sendable, Equatable {
    /// With what is worth showing.
    case good(String)
    /// A start may fail, or the answer is not known; with what to do.
    case warning(String, hint: String?)
    /// A start would fail; with what to do.
    case problem(String, hint: String?)
}

/// A number of a quota for a sentence: a tool may print one that no `Int` holds.
func whole(_ number: Double) -> String {
    Int64(exactly: number.rounded()).map(String.init) ?? "\(number)"
}

/// One question of `train doctor` to a cloud's tool.
struct DoctorCheck: Sendable {
    var title: String
    var arguments: [String]
    /// What to do if the tool reports an error, or the result has no hint of its own.
    var hint: String
    /// Rates the answer. It may hold a token, so only the result's text is shown.
    var interpret: @Sendable (String) -> CheckResult = { _ in .good("as needed") }
}
