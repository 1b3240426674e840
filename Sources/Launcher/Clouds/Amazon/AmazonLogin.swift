import Shared

extension AmazonProvider {
    var loginVariables: [String] { LoginVariables.amazon }
    var loginCommand: String { "aws sso login" }

    func environment(credentialsPath: String?) -> [String: String?] {
        var environment: [String: String?] = ["AWS_PAGER": ""]
        if let credentialsPath { environment["AWS_SHARED_CREDENTIALS_FILE"] = credentialsPath }
        return environment
    }

    func checkKey(_ path: String, project: String) throws { try AmazonKey.check(path) }
}

/// A file that `--credentials_path` names on AWS: a credentials file, of which the profile `default`
/// counts (docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
enum AmazonKey {
    private static let howTo =
        "give a file with [default], aws_access_key_id and aws_secret_access_key; or leave the flag "
        + "out: AWS_PROFILE=NAME train start …, after aws configure or aws sso login"

    /// - Throws: `Failure` that says what the file is; nothing secret of it is shown.
    static func check(_ path: String) throws {
        let name = "--credentials_path \(quoted(path))"
        let text = String(decoding: try readFile(path), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            String(line.filter { !$0.isWhitespace && $0 != "\u{FEFF}" })
        }
        if lines.first?.lowercased().hasPrefix("accesskeyid,") == true {
            throw Failure("\(name) is the table that AWS' console downloads", hint: howTo)
        }
        if lines.first?.hasPrefix("{") == true {
            throw Failure("\(name) is JSON, which AWS' tools do not read", hint: howTo)
        }
        let profiles = lines.filter { $0.hasPrefix("[") && $0.hasSuffix("]") }
            .map { String($0.dropFirst().dropLast()) }
        guard profiles.contains("default") else {
            let others = profiles.prefix(3).map(quoted).joined(separator: ", ")
            throw Failure(
                "\(name) has no profile [default]" + (others.isEmpty ? "" : ", but \(others)"),
                hint: others.isEmpty
                    ? howTo
                    : "call one of them default; or leave the flag out and choose it: "
                        + "AWS_SHARED_CREDENTIALS_FILE=FILE AWS_PROFILE=NAME train start …")
        }
        let own = lines.drop { $0 != "[default]" }.dropFirst().prefix { !$0.hasPrefix("[") }
        let hasKey = own.contains {
            $0.hasPrefix("aws_access_key_id=") || $0.hasPrefix("credential_process=")
        }
        guard hasKey else {
            throw Failure("\(name): its profile [default] has no aws_access_key_id", hint: howTo)
        }
    }
}
