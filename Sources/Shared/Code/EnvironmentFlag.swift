/// Reads `--env`: `NAME=VALUE`, or `NAME` alone for a secret taken from this environment.
package enum EnvironmentFlag {
    /// The variables of `NAME=VALUE`; a later one of the same name wins.
    ///
    /// - Throws: `Failure` with exit code 2; it never repeats a value.
    package static func variables(_ flags: [String]) throws -> [String: String] {
        var variables: [String: String] = [:]
        for flag in flags {
            guard let equals = flag.firstIndex(of: "=") else {
                _ = try checkedName(flag)
                continue
            }
            let value = String(flag[flag.index(after: equals)...])
            variables[try checkedName(String(flag[..<equals]))] = try checkedValue(value)
        }
        return variables
    }

    /// The values of the names that came alone, from `environment`.
    ///
    /// - Throws: `Failure` with exit code 2 naming one that is not set there.
    package static func secrets(
        _ flags: [String], from environment: [String: String]
    ) throws -> [String: String] {
        var secrets: [String: String] = [:]
        for name in flags where !name.contains("=") {
            guard let value = environment[try checkedName(name)] else {
                throw Failure.usage(
                    "--env \(name): no such variable in this environment",
                    hint: "export \(name) first, or give --env \(name)=VALUE")
            }
            secrets[name] = try checkedValue(value)
        }
        return secrets
    }

    private static func checkedName(_ name: String) throws -> String {
        let isLegal = name.allSatisfy { $0.isASCII && ($0 == "_" || $0.isLetter || $0.isNumber) }
        guard isLegal, let first = name.first, !first.isNumber else {
            throw Failure.usage("--env: \(quoted(name)) is not a name of a variable")
        }
        return name
    }

    private static func checkedValue(_ value: String) throws -> String {
        guard !value.unicodeScalars.contains("\u{0}") else {
            throw Failure.usage("--env: a value holds a NUL character")
        }
        return value
    }
}
