import Shared

/// Words by which a cloud, or Terraform's provider for it, says why it refused.
struct RefusalSign: Sendable {
    var kind: TerraformErrorKind
    var words: [String]
    /// Words that make it another kind's: error codes that share a beginning.
    var except: [String] = []
    /// Recognises what fixed words cannot.
    var pattern: (@Sendable (String) -> Bool)?
    /// Finds the name of what is refused, or of the rule that refuses.
    var subject: (@Sendable (String) -> String?)?
    /// The way on for this cloud and this message; nil for that of the kind.
    var hint: @Sendable (String) -> String?

    init(
        _ kind: TerraformErrorKind, _ words: [String], except: [String] = [], hint: String? = nil,
        pattern: (@Sendable (String) -> Bool)? = nil,
        subject: (@Sendable (String) -> String?)? = nil
    ) {
        self.kind = kind
        self.words = words
        self.except = except
        self.hint = { _ in hint }
        self.pattern = pattern
        self.subject = subject
    }

    /// The same, with a way on that depends on the message.
    func hinting(_ hint: @escaping @Sendable (String) -> String?) -> RefusalSign {
        var sign = self
        sign.hint = hint
        return sign
    }

    func matches(_ text: String) -> Bool {
        guard !except.contains(where: text.contains) else { return false }
        return words.contains(where: text.contains) || pattern?(text) == true
    }

    /// Terraform's own.
    static let terraform = [RefusalSign(.locked, ["Error acquiring the state lock"])]

    /// The first sign that fits, of all clouds: kinds in the order of `TerraformErrorKind.precedence`.
    static func first(in text: String) -> RefusalSign? {
        let signs = terraform + CloudRegistry.providers.flatMap(\.refusalSigns)
        return TerraformErrorKind.precedence.lazy.compactMap { kind in
            // Several clouds say "Forbidden": the sign that has a hint takes precedence.
            let fitting = signs.filter { $0.kind == kind && $0.matches(text) }
            return fitting.first { $0.hint(text) != nil } ?? fitting.first
        }.first
    }
}
