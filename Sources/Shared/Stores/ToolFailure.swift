/// What a storage tool's last words mean, in a person's words.
///
/// All of them exit with 1 for everything, so only their stderr tells the kind. The texts were
/// seen with gsutil 5.34, gcloud storage, aws-cli 1.45 and rclone 1.60.
struct ToolFailure {
    let tool: String
    let credentialsPath: String?

    private enum Kind: CaseIterable {
        case diskFull, keyUnreadable, keyRefused, noBucket, forbidden, notLetIn, noNetwork, busy

        var marks: [String] {
            switch self {
            case .diskFull:
                [
                    "No space left on device", "no space left on device", "Disk quota exceeded",
                    "too big for remaining disk space",
                ]
            case .keyUnreadable:
                [
                    "private key file at", "Could not parse JSON keyfile",
                    "Failed to load credential file", "service account credentials file",
                    "error processing credentials", "\"OAuth 2.0 Service Account\" credentials",
                    "error opening service principal", "error parsing credentials",
                ]
            case .keyRefused:
                [
                    "invalid_grant", "Your credentials are invalid", "Invalid JWT",
                    "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthenticationFailed",
                    "reauthentication", "There was a problem refreshing your current auth tokens",
                ]
            case .noBucket:
                [
                    "bucket does not exist", "BucketNotFoundException", "NoSuchBucket",
                    "destination bucket", "ContainerNotFound", "not found: 404",
                    "directory not found", "ContainerBeingDeleted",
                ]
            case .forbidden:
                [
                    "AccessDenied", "Error 403", "status code: 403", "StatusCode=403",
                    "HTTPError 403", "AuthorizationPermissionMismatch", "AuthorizationFailure",
                    "does not have permission", "Forbidden",
                ]
            case .notLetIn:
                [
                    "ServiceException: 401", "Error 401", "HTTPError 401",
                    "attempting to access protected data",
                    "Unable to locate credentials", "ExpiredToken", "NoCredentialProviders",
                    "could not find default credentials", "active account selected",
                    "NoAuthenticationInformation", "Anonymous caller",
                ]
            case .noNetwork:
                [
                    "Connection refused", "connection refused", "Could not connect",
                    "Unable to find the server", "Name or service not known",
                    "Temporary failure in name resolution", "no such host",
                    "etwork is unreachable", "onnection reset", "timed out", "i/o timeout",
                    "broken pipe", "unexpected EOF", "Failed to resolve", "ConnectionError",
                    "onnection aborted", "ServerNotFoundError",
                ]
            case .busy:
                [
                    "ServiceException: 5", "ServiceException: 429", "Error 429", "Error 503",
                    "Error 500", "Error 502", "HTTPError 429", "HTTPError 503", "SlowDown",
                    "ServiceUnavailable", "ServerBusy", "status code: 503", "InternalError",
                ]
            }
        }
    }

    func explain(_ result: CommandResult, doing: String, at url: StoreURL) -> Failure {
        let text = result.errorOutput + "\n" + result.output.suffix(4096)
        let kind = Kind.allCases.first { kind in kind.marks.contains { text.contains($0) } }
        let start = "\(doing) \(url): "
        let bucket = StoreRegistry.kind(of: url.scheme)?.container ?? "bucket"
        guard let kind else {
            return Failure(
                start + "\(tool) failed, \(result.unexplained)", detail: lastWords(of: result))
        }
        let (reason, hint) = words(for: kind, bucket: bucket, url: url)
        var failure = Failure(start + reason, detail: lastWords(of: result), hint: hint)
        if kind == .forbidden || kind == .notLetIn { failure.reason = .accessDenied }
        return failure
    }

    private func words(for kind: Kind, bucket: String, url: StoreURL) -> (String, String) {
        let key = credentialsPath.map { "the key file \(quoted($0))" }
        let who = key ?? "this machine's identity"
        return switch kind {
        case .diskFull:
            ("the disk is full", "free some space, or give another directory")
        case .keyUnreadable:
            (
                "\(key ?? "the credentials") cannot be used",
                "give --credentials_path a key file that exists and is whole, as the cloud made it"
            )
        case .keyRefused:
            (
                "\(key ?? "the credentials") was refused",
                "was the key deleted, or is this machine's clock wrong? make a new key"
            )
        case .noBucket:
            ("there is no such \(bucket)", "check the name; it is not made by a transfer")
        case .forbidden:
            ("\(who) may not do this", "give it the right to read and write in this \(bucket)")
        case .notLetIn:
            (
                "\(tool) has no valid credentials",
                "give --credentials_path, or log in with the cloud's own tool"
            )
        case .noNetwork:
            ("the store cannot be reached", "check the network; it is tried again by the next call")
        case .busy:
            ("the store refuses for now", "it is tried again by the next call")
        }
    }

    /// The tool's own last lines, without tracebacks.
    private func lastWords(of result: CommandResult) -> String? {
        let lines = result.errorOutput.split(whereSeparator: \.isNewline).filter { line in
            !line.hasPrefix(" ") && !line.hasPrefix("\t") && !line.hasPrefix("Traceback")
        }
        let words = lines.suffix(3).map { $0.count > 300 ? "\($0.prefix(300))…" : String($0) }
        return words.isEmpty ? nil : words.joined(separator: "\n")
    }
}
