import Shared

/// Why a cloud refused, as far as its words tell, and what to do about it.
enum TerraformTrouble: Sendable, Equatable {
    /// The zone has no such machine free now.
    case stockout
    case quota
    /// So many things of a kind are there that the account may have no more; no machine is to blame.
    case count
    /// A service of the project is not switched on; its name where it is said.
    case serviceDisabled(String?)
    case credentials
    case forbidden
    /// Azure lets the login not into the store, or does not know yet that it may.
    case noRoleForStore
    case nameTaken
    case notEmpty
    /// Another Terraform works on the state, or was killed while it did.
    case locked
    /// Terraform's own words say it best.
    case other

    /// The order matters: Google answers 403 for a service that is off too.
    private static let signs: [(trouble: TerraformTrouble, words: [String])] = [
        (
            .stockout,
            [
                "does not have enough resources available", "ZONE_RESOURCE_POOL_EXHAUSTED",
                "InsufficientInstanceCapacity", "not supported in your requested Availability Zone",
                "SkuNotAvailable", "AllocationFailed", "OverconstrainedAllocationRequest",
                "OverconstrainedZonalAllocationRequest", "does not exist in zone",
            ]
        ),
        (
            .count,
            [
                "Quota 'NETWORKS'", "Quota 'SUBNETWORKS'", "Quota 'FIREWALLS'", "Quota 'ROUTES'",
                "Quota 'IN_USE_ADDRESSES'", "Maximum number of service accounts",
                "VpcLimitExceeded", "InternetGatewayLimitExceeded", "SubnetLimitExceeded",
                "SecurityGroupLimitExceeded", "api error LimitExceeded: Cannot exceed quota for",
                "TooManyBuckets", "PublicIPCountLimitReached", "RoleAssignmentLimitExceeded",
                "RoleDefinitionLimitExceeded", "MaxStorageAccountsCountPerSubscriptionExceeded",
            ]
        ),
        // Before the credentials, whose code it shares: they are good, and may not do this.
        (.forbidden, ["ServiceLinkedRoleCreationNotPermitted"]),
        (
            .quota,
            [
                "Quota '", "quotaExceeded", "QUOTA_EXCEEDED", "VcpuLimitExceeded",
                "MaxSpotInstanceCountExceeded", "InstanceLimitExceeded", "VolumeLimitExceeded",
                "Cores quota", "QuotaExceeded",
            ]
        ),
        (.serviceDisabled(nil), ["accessNotConfigured", "SERVICE_DISABLED", "it is disabled"]),
        (
            .credentials,
            [
                "invalid_grant", "ExpiredToken", "InvalidClientTokenId", "AuthFailure",
                "SignatureDoesNotMatch", "No valid credential sources", "Error 401",
                "InvalidAccessKeyId",
                "could not find default credentials", "error getting credentials", "AADSTS",
                "Please run 'az login'",
                "unable to build authorizer", "invalid_client",
            ]
        ),
        (
            .nameTaken,
            [
                "bucket name is not available", "BucketAlreadyExists", "BucketAlreadyOwnedByYou",
                "StorageAccountAlreadyTaken", "You already own this bucket",
                "StorageAccountAlreadyExists",
            ]
        ),
        (.locked, ["Error acquiring the state lock"]),
        (.notEmpty, ["containing objects without", "BucketNotEmpty"]),
        (
            .noRoleForStore,
            [
                "not authorized to perform this operation using this permission",
                "AuthorizationPermissionMismatch",
            ]
        ),
        (
            .forbidden,
            [
                "Error 403", "AccessDenied", "UnauthorizedOperation", "AuthorizationFailed",
                "forbidden", "Forbidden", "is not authorized to perform",
            ]
        ),
    ]

    /// Reads one error.
    init(of text: String) {
        let found = Self.signs.first { sign in sign.words.contains { text.contains($0) } }
        self = found?.trouble ?? .other
        // Google says so of a machine or a GPU that the zone never has.
        if text.contains(/\/zones\/[^']*\/(machineTypes|acceleratorTypes)\/[^']*' was not found/) {
            self = .stockout
        }
        if case .serviceDisabled = self {
            self = .serviceDisabled(
                text.firstMatch(of: /([A-Za-z ]+ API) has not been used/).map { String($0.1) })
        }
    }

    /// One line for a person, and the way on.
    ///
    /// - Parameter words: Terraform's own summary.
    func failure(words: String, address: String?) -> Failure {
        let place = address.map { " (\($0))" } ?? ""
        let first = Self.firstLine(words)
        return switch self {
        case .stockout:
            Failure(
                "the zone has no such machine free now\(place)", detail: first,
                hint: "name more zones: --zones A,B,C; or take another --machine_type")
        case .quota:
            Failure(
                "the project's quota does not allow this machine\(place)", detail: first,
                hint: "ask for more in the cloud's console (quotas; spot machines have one of "
                    + "their own), or take a smaller --machine_type or other --zones")
        case .count:
            Failure(
                "the account has as many of these as its quota allows\(place)", detail: first,
                hint: "remove those that nothing uses any more (train doctor shows what runs left "
                    + "behind), or ask for more in the cloud's console (quotas)")
        case .serviceDisabled(let service):
            Failure(
                "\(service?.trimmed ?? "a service") is not enabled in the project\(place)",
                detail: first,
                hint: "enable it as the message says, wait a minute, and call this again")
        case .credentials:
            Failure(
                "the credentials are refused: expired, revoked or not given\(place)", detail: first,
                hint: "give a valid key with --credentials_path FILE, or log in anew: gcloud auth "
                    + "application-default login, aws sso login or az login")
        case .nameTaken:
            Failure(
                "the name of a bucket is taken already\(place)", detail: first,
                hint: "an earlier run of this name may have left it; else choose another "
                    + "--code_name or --dataset_name")
        case .notEmpty:
            Failure("a bucket still holds objects\(place)", detail: first, hint: nil)
        case .locked:
            Failure(
                "the run's state is locked: another computer is at work on it",
                detail: Self.rest(words),
                hint: "call this again later; where a Terraform was killed for sure: terraform "
                    + "force-unlock ID in the run's folder, with the ID above")
        case .noRoleForStore:
            Failure(
                "Azure does not let this login into the run's store\(place)", detail: first,
                hint: "it needs the role Storage Blob Data Contributor there; one that was just "
                    + "given can take ten minutes to arrive")
        case .forbidden:
            Failure(
                "the cloud forbids this to the given credentials\(place)", detail: first,
                hint: "docs/clouds.md lists the permissions a run needs; train doctor looks at them"
            )
        case .other:
            Failure("Terraform failed\(place): \(first)", detail: Self.rest(words))
        }
    }

    /// The line that says what is wrong: providers put it first.
    private static func firstLine(_ words: String) -> String {
        let lines = words.split(whereSeparator: \.isNewline).map(String.init)
        return harmless(lines.first ?? "no reason was given").trimmed
    }

    private static func rest(_ words: String) -> String? {
        let lines = words.split(whereSeparator: \.isNewline).dropFirst().prefix(8)
        return lines.isEmpty ? nil : harmless(lines.joined(separator: "\n"))
    }
}

extension String {
    /// Without white space at its ends.
    fileprivate var trimmed: String {
        let start = self.drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
