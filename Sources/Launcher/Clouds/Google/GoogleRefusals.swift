/// Messages of Google's APIs and of Terraform's provider `google`; in full, with their sources, in
/// Tests/StandInProvider/standin/refusals.json.
extension GoogleProvider {
    var refusalSigns: [RefusalSign] {
        [
            RefusalSign(
                .stockout,
                [
                    "does not have enough resources available", "ZONE_RESOURCE_POOL_EXHAUSTED",
                    "does not exist in zone",
                ],
                // A machine or a GPU that the zone never has.
                pattern: {
                    $0.contains(
                        /\/zones\/[^']*\/(machineTypes|acceleratorTypes)\/[^']*' was not found/)
                }),
            RefusalSign(
                .policy, ["Constraint constraints/", "constraint constraints/"],
                subject: { text in
                    text.firstMatch(of: /onstraint constraints\/([A-Za-z.]+)/)
                        .map { String($0.1) }
                }
            )
            .hinting(Self.policyHint),
            RefusalSign(
                .count,
                [
                    "Quota 'NETWORKS'", "Quota 'SUBNETWORKS'", "Quota 'FIREWALLS'",
                    "Quota 'ROUTES'", "Quota 'IN_USE_ADDRESSES'",
                    "Maximum number of service accounts",
                ]),
            // Both boot disk and dataset disk count, and those of runs that are not collected yet.
            RefusalSign(
                .quota, ["Quota 'SSD_TOTAL_GB'", "Quota 'DISKS_TOTAL_GB'"],
                hint: "take a smaller --disk_size_gb, or collect earlier runs: their disks count "
                    + "until train finish; or ask for more in the console (quotas)"),
            // cloud.google.com/free/docs/free-cloud-features: a trial has no GPUs and cannot ask.
            RefusalSign(
                .quota, ["Quota 'GPUS_ALL_REGIONS'"],
                hint: "ask for GPUS_ALL_REGIONS in the console (IAM & Admin, Quotas); a free trial "
                    + "must be upgraded to a paid account first"),
            RefusalSign(.quota, ["Quota '", "quotaExceeded", "QUOTA_EXCEEDED"]),
            RefusalSign(
                .serviceDisabled, ["accessNotConfigured", "SERVICE_DISABLED", "it is disabled"],
                subject: { text in
                    text.firstMatch(of: /([A-Za-z ]+ API) has not been used/).map { String($0.1) }
                }),
            RefusalSign(
                .credentials,
                [
                    "invalid_grant", "Error 401", "could not find default credentials",
                    "error getting credentials",
                ]),
            RefusalSign(
                .nameTaken, ["bucket name is not available", "You already own this bucket"]),
            RefusalSign(.notEmpty, ["containing objects without"]),
            // The provider waits ten seconds after making an account, which may not be enough
            // (cloud.google.com/iam/docs/service-accounts-create: "eventually consistent").
            RefusalSign(
                .notVisibleYet, [],
                pattern: {
                    $0.contains(/[Ss]ervice account [^ ]+@[^ ]+ does not exist/)
                        || $0.contains(/of type 'serviceAccount' was not found/)
                }),
            RefusalSign(.forbidden, ["Error 403", "forbidden", "Forbidden"]),
        ]
    }

    /// What the user can do about one constraint
    /// (cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints).
    @Sendable private static func policyHint(_ text: String) -> String? {
        let hints = [
            (
                "compute.vmExternalIpAccess",
                "start it without one, in a network that has a way out: --no_public_ip --network NAME"
            ),
            (
                "iam.disableServiceAccountCreation",
                "name a service account that is there: --identity ACCOUNT (train doctor "
                    + "--print_setup shows what it needs)"
            ),
            ("compute.requireOsLogin", "start it without a key for SSH: --ssh_cidr none"),
            (
                "compute.restrictSharedVpcSubnetworks",
                "name a subnetwork that the policy allows: --network NAME --subnet NAME"
            ),
            ("gcp.resourceLocations", "name a region that the policy allows: --regions R"),
            (
                "compute.trustedImageProjects",
                "name an image of a project that the policy allows: --image PROJECT/FAMILY"
            ),
            (
                "compute.requireShieldedVm",
                "name an image that supports Shielded VM: --image PROJECT/FAMILY"
            ),
        ]
        return hints.first { text.contains("constraints/\($0.0) ") }?.1
    }

    /// The zones that have the machine free, by Google's own message: "Consider trying your request in
    /// the us-central1-b, us-central1-a zone(s), which currently has capacity".
    func zonesNamed(in message: String) -> [String] {
        let words = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let found = words.firstMatch(of: /trying your request in the ([a-z0-9, -]+) zone/)
        return found.map { ZoneList.names(in: $0.1) } ?? []
    }
}
