/// Finds what looks like a secret among words that are no place for one.
///
/// A trainer's arguments stand in its argv, in the job, in the machine's user data and in the capsule in
/// the bucket, and so does `--env NAME=VALUE`: each readable to more than the run. Only `--env NAME`
/// keeps a value out of them.
package enum SecretWords {
    /// The flags and variables whose values look like secrets, by name, in their order.
    ///
    /// - Parameters:
    ///   - arguments: for the trainer.
    ///   - variables: as `--env` has them: `NAME=VALUE`, or `NAME` alone, which is right.
    package static func found(arguments: [String], variables: [String]) -> [String] {
        var found: [String] = []
        for (index, argument) in arguments.enumerated() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            let isFlag = argument.hasPrefix("-") && parts.count > 0
            let next = index + 1 < arguments.count ? arguments[index + 1] : nil
            let hasValue = parts.count == 2 || next.map { !$0.hasPrefix("-") } == true
            if isFlag, hasValue, isName(parts[0]) {
                found.append(parts[0])
            } else if isValue(parts.last ?? "") {
                found.append(isFlag && parts.count == 2 ? parts[0] : "an argument")
            }
        }
        for variable in variables {
            let parts = variable.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, isName(parts[0]) || isValue(parts[1]) {
                found.append("--env \(parts[0])")
            }
        }
        return found
    }

    /// `--hf_token`, `API_KEY`, and not `--max_tokens` or `--key_dim`.
    private static func isName(_ name: String) -> Bool {
        let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        guard let last = words.last else { return false }
        let secrets = [
            "token", "password", "passwd", "passphrase", "secret", "apikey", "credential",
        ]
        if secrets.contains(last) { return true }
        let before = words.dropLast().last ?? ""
        return last == "key"
            && ["api", "access", "secret", "private", "auth", "account", "license"].contains(before)
    }

    /// By the beginnings that their makers gave their keys, so that they can be found where they leak.
    private static func isValue(_ value: String) -> Bool {
        let beginnings = [
            "hf_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk-", "xoxb-", "xoxp-", "AKIA",
            "ASIA", "AIza", "ya29.", "-----BEGIN ",
        ]
        return value.utf8.count >= 20 && beginnings.contains { value.hasPrefix($0) }
    }
}
