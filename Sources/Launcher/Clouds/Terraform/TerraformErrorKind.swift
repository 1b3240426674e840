import Shared

/// Why a cloud refused, as far as its message tells, and what to do about it.
enum TerraformErrorKind: Sendable, Equatable {
    /// The zone has no such machine free now, or never has.
    case stockout
    /// The account may use none of the region's zones.
    case regionClosed
    case quota
    /// The account may have no more resources of a kind; another machine type would not help.
    case count
    /// A rule of the user's organisation, which no permission overrides.
    case policy
    /// The account is new, or on a free plan, and may not rent such machines yet.
    case newAccount
    /// A service of the project is not enabled.
    case serviceDisabled
    case credentials
    case forbidden
    /// The login lacks, or does not yet have, the role for the store's data.
    case noRoleForStore
    /// The cloud does not know yet of what Terraform has just made.
    case notVisibleYet
    case nameTaken
    case notEmpty
    /// Another Terraform works on the state, or was killed while it worked.
    case locked
    /// Unknown: Terraform's own words are shown.
    case other

    /// The order in which signs are looked for: some clouds use one code for several kinds, such as
    /// 403 for a service that is not enabled.
    static let precedence: [TerraformErrorKind] = [
        .stockout, .regionClosed, .newAccount, .policy, .count, .quota, .serviceDisabled,
        .credentials, .nameTaken, .locked, .notEmpty, .noRoleForStore, .notVisibleYet, .forbidden,
    ]

    /// Whether applying again, after a while, may succeed.
    var isCuredByWaiting: Bool { self == .noRoleForStore || self == .notVisibleYet }

    /// Reads one error by the signs of all clouds.
    init(of text: String) { self = RefusalSign.first(in: text)?.kind ?? .other }

    /// One line for a person, and what to do next.
    ///
    /// - Parameters:
    ///   - words: Terraform's message.
    ///   - address: of the resource that was refused.
    func failure(words: String, address: String?) -> Failure {
        let place = address.map { " (\($0))" } ?? ""
        let message = RefusalMessage(words)
        let sign = RefusalSign.first(in: words)
        let subject = sign?.subject?(words).map { harmless($0)[...].trimmed }
        // The second paragraph of a stockout says where the machine is free.
        let detail =
            switch self {
            case .stockout, .policy: message.whole
            case .locked, .other: message.rest
            default: message.first
            }
        return Failure(
            summary(place: place, subject: subject, first: message.first), detail: detail,
            hint: sign?.hint(words) ?? hint)
    }

    private func summary(place: String, subject: String?, first: String) -> String {
        switch self {
        case .stockout: "the zone has no such machine free now\(place)"
        case .regionClosed: "this account may not use the region\(place)"
        case .quota: "the project's quota does not allow this machine\(place)"
        case .count: "the account has as many of these as its quota allows\(place)"
        case .policy:
            "your organisation's policy \(subject.map { "\($0) " } ?? "")forbids this\(place)"
        case .newAccount: "this account may not rent such a machine yet\(place)"
        case .serviceDisabled: "\(subject ?? "a service") is not enabled in the project\(place)"
        case .credentials: "the credentials are refused: expired, revoked or not given\(place)"
        case .nameTaken: "the name of a bucket is taken already\(place)"
        case .notEmpty: "a bucket still holds objects\(place)"
        case .locked: "the run's state is locked: another computer is at work on it"
        case .noRoleForStore: "this login may not use the run's store\(place)"
        case .notVisibleYet: "the cloud does not know of what was just made\(place)"
        case .forbidden: "the cloud forbids this to the given credentials\(place)"
        case .other: "Terraform failed\(place): \(first)"
        }
    }

    /// What to do where the sign itself does not say.
    private var hint: String? {
        switch self {
        case .stockout: "name more zones: --zones A,B,C; or take another --machine_type"
        case .regionClosed: "name another region: --regions R"
        case .quota:
            "ask for more in the cloud's console (quotas; spot machines have one of their own), or "
                + "take a smaller --machine_type or other --zones"
        case .count:
            "remove those that nothing uses any more (train doctor shows what runs left behind), or "
                + "ask for more in the cloud's console (quotas)"
        case .policy:
            "no permission helps: ask your organisation's administrator for an exception, or take a "
                + "project or account without that policy"
        case .newAccount: "do what the message says in the cloud's console, and call this again"
        case .serviceDisabled: "enable it as the message says, wait a minute, and call this again"
        case .credentials:
            "give a valid key with --credentials_path FILE, or log in anew: "
                + CloudRegistry.loginCommands
        case .nameTaken:
            "an earlier run of this name may have left it; else choose another --code_name or "
                + "--dataset_name"
        case .locked:
            "call this again later; where a Terraform was killed for sure: terraform force-unlock ID "
                + "in the run's folder, with the ID above"
        case .noRoleForStore:
            "docs/clouds.md lists the roles a run needs; a new one arrives late"
        case .notVisibleYet: "call this again in a few minutes"
        case .forbidden:
            "docs/clouds.md lists the permissions a run needs; train doctor looks at them"
        case .notEmpty, .other: nil
        }
    }
}

/// A refusal's text in lines: providers put what is wrong first.
struct RefusalMessage: Sendable {
    private let lines: [String]

    init(_ words: String) {
        lines = words.split(whereSeparator: \.isNewline).map(String.init)
    }

    var first: String { harmless(lines.first ?? "no reason was given")[...].trimmed }

    var rest: String? {
        let rest = lines.dropFirst().prefix(8)
        return rest.isEmpty ? nil : harmless(rest.joined(separator: "\n"))
    }

    var whole: String { [first, rest].compactMap { $0 }.joined(separator: "\n") }
}
