/// Messages of AWS' APIs and of Terraform's provider `aws`; in full, with their sources, in
/// Tests/StandInProvider/standin/refusals.json.
extension AmazonProvider {
    var refusalSigns: [RefusalSign] {
        // Its code begins like that of bad credentials, but these are good and may not do this.
        let serviceRole = "ServiceLinkedRoleCreationNotPermitted"
        return [
            RefusalSign(
                .stockout,
                [
                    "InsufficientInstanceCapacity",
                    "not supported in your requested Availability Zone",
                ]),
            // An account of the free plan since July 2025 (aws.amazon.com/free).
            RefusalSign(
                .newAccount, ["is not eligible for Free Tier"],
                hint: "GPU machines need the paid plan: upgrade the account in the console "
                    + "(Billing)"),
            RefusalSign(
                .newAccount, ["PendingVerification"],
                hint: "AWS is still looking at the new account, which takes minutes to hours: try "
                    + "again later"),
            RefusalSign(
                .newAccount, ["OptInRequired"],
                hint: "finish the account's sign-up in the console, or enable the region there"),
            RefusalSign(
                .policy, ["with an explicit deny in a service control policy"],
                subject: { _ in "(a service control policy of AWS Organizations)" }
            ).hinting(Self.wayAround),
            RefusalSign(
                .count,
                [
                    "VpcLimitExceeded", "InternetGatewayLimitExceeded", "SubnetLimitExceeded",
                    "SecurityGroupLimitExceeded",
                    "api error LimitExceeded: Cannot exceed quota for", "TooManyBuckets",
                ]),
            RefusalSign(
                .quota, ["VolumeLimitExceeded", "MaxIOPSLimitExceeded"],
                hint: "take a smaller --disk_size_gb, or collect earlier runs: their disks count "
                    + "until train finish; or ask for more in the console (Service Quotas, EBS)"),
            RefusalSign(
                .quota,
                ["VcpuLimitExceeded", "MaxSpotInstanceCountExceeded", "InstanceLimitExceeded"]),
            RefusalSign(
                .credentials,
                [
                    "ExpiredToken", "InvalidClientTokenId", "AuthFailure", "SignatureDoesNotMatch",
                    "No valid credential sources", "InvalidAccessKeyId",
                ], except: [serviceRole]),
            RefusalSign(.nameTaken, ["BucketAlreadyExists", "BucketAlreadyOwnedByYou"]),
            RefusalSign(.notEmpty, ["BucketNotEmpty"]),
            RefusalSign(
                .forbidden,
                [
                    serviceRole, "AccessDenied", "UnauthorizedOperation",
                    "is not authorized to perform",
                ]
            ).hinting(Self.wayAround),
        ]
    }

    /// The flag that makes the forbidden action unnecessary; nil if there is none.
    @Sendable private static func wayAround(_ text: String) -> String? {
        let flags = [
            (
                ["iam:CreateRole", "iam:CreateInstanceProfile", "iam:PutRolePolicy"],
                "name an instance profile that is there: --identity NAME (train doctor --cloud aws "
                    + "--print_setup shows what it needs)"
            ),
            (
                ["ec2:CreateVpc", "ec2:CreateSubnet", "ec2:CreateInternetGateway"],
                "name a network that is there: --network default, or --network vpc-…"
            ),
            (
                ["ec2:AssociateAddress"],
                "start it without a public address: --no_public_ip --network vpc-…"
            ),
        ]
        return flags.first { actions, _ in
            actions.contains { text.contains("perform: \($0) ") }
        }?.1
    }

    /// The zones that have the machine, by EC2's own message: "by not specifying an Availability Zone
    /// in your request or choosing us-east-1b, us-east-1c."
    func zonesNamed(in message: String) -> [String] {
        let words = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.firstMatch(of: /or choosing ([a-z0-9, -]+)/).map { ZoneList.names(in: $0.1) }
            ?? []
    }
}
