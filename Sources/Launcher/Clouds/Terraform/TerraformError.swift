import Shared

extension TerraformDriver {
    /// An error of Terraform's, in a person's words.
    struct TerraformError: Error {
        let kind: TerraformErrorKind
        let failure: Failure
        /// The cloud's own words, all of them.
        let message: String

        init(_ errors: [TerraformEvent.Diagnostic], lastLines: String) {
            // Many errors have one cause, and the first known kind says most about it. An error that
            // waiting cures says least.
            let lasting = errors.filter { !TerraformErrorKind(of: $0.text).isCuredByWaiting }
            let known =
                lasting.first { TerraformErrorKind(of: $0.text) != .other } ?? lasting.first
                ?? errors.first
            guard let known else {
                kind = .other
                failure = Failure("Terraform failed", detail: harmless(lastLines))
                message = lastLines
                return
            }
            message = known.text
            kind = TerraformErrorKind(of: known.text)
            failure = kind.failure(words: known.text, address: known.address)
        }
    }
}
