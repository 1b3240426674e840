import Shared

/// Whether an AWS account's user or role may do what a start and a finish do.
///
/// IAM's policy simulator tells, for policies, boundaries and organisations' policies
/// (docs.aws.amazon.com, SimulatePrincipalPolicy). It needs a right of its own, which not all have.
struct AmazonPermissions: Sendable {
    let tool: CloudTool
    let region: String

    /// Actions on one resource, and the policy of Amazon's own that brings them.
    struct Need: Sendable {
        var actions: [String]
        /// In the form of an ARN without its partition; ACCOUNT and REGION are filled in.
        var resource: String
        var policy: String
    }

    /// What Terraform needs for the files of AWS. Resources are named as a run's are, so that policies
    /// which allow no others pass.
    static let needed = [
        Need(
            actions: [
                "ec2:RunInstances", "ec2:TerminateInstances", "ec2:StopInstances",
                "ec2:DescribeInstances", "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceAttribute",
                "ec2:DescribeInstanceCreditSpecifications", "ec2:DescribeTags",
                "ec2:DescribeVpcs", "ec2:DescribeVpcAttribute", "ec2:DescribeSubnets",
                "ec2:DescribeRouteTables", "ec2:DescribeNetworkAcls",
                "ec2:DescribeInternetGateways", "ec2:DescribeSecurityGroups",
                "ec2:DescribeSecurityGroupRules", "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSpotInstanceRequests", "ec2:CancelSpotInstanceRequests",
                "ec2:DescribeAvailabilityZones", "ec2:DescribeImages", "ec2:DescribeVolumes",
                "ec2:CreateTags", "ec2:DeleteTags", "ec2:CreateVpc", "ec2:DeleteVpc",
                "ec2:ModifyVpcAttribute", "ec2:ModifySubnetAttribute",
                "ec2:CreateSubnet", "ec2:DeleteSubnet", "ec2:CreateInternetGateway",
                "ec2:AttachInternetGateway", "ec2:DetachInternetGateway",
                "ec2:DeleteInternetGateway", "ec2:CreateRoute", "ec2:DeleteRoute",
                "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup",
                "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress",
                "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress",
            ], resource: "*", policy: "AmazonEC2FullAccess"),
        Need(
            actions: ["ssm:GetParameter"],
            resource: "ssm:REGION::parameter/aws/service/deeplearning/ami",
            policy: "AmazonSSMReadOnlyAccess"),
        Need(
            actions: [
                "iam:CreateRole", "iam:GetRole", "iam:DeleteRole", "iam:TagRole",
                "iam:PutRolePolicy", "iam:GetRolePolicy", "iam:DeleteRolePolicy",
                "iam:ListRolePolicies", "iam:ListAttachedRolePolicies",
                "iam:ListInstanceProfilesForRole", "iam:PassRole",
            ], resource: "iam::ACCOUNT:role/train-doctor", policy: "IAMFullAccess"),
        Need(
            actions: [
                "iam:CreateInstanceProfile", "iam:GetInstanceProfile",
                "iam:DeleteInstanceProfile", "iam:TagInstanceProfile",
                "iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile",
            ], resource: "iam::ACCOUNT:instance-profile/train-doctor", policy: "IAMFullAccess"),
        Need(
            actions: [
                "s3:CreateBucket", "s3:DeleteBucket", "s3:ListBucket", "s3:ListBucketVersions",
                "s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucketPolicy",
                "s3:PutBucketPublicAccessBlock", "s3:GetBucketPublicAccessBlock",
                "s3:PutBucketOwnershipControls", "s3:GetBucketOwnershipControls",
                "s3:PutEncryptionConfiguration", "s3:GetEncryptionConfiguration",
                "s3:PutBucketTagging", "s3:GetBucketTagging",
                // The provider reads all of a bucket's settings, also those that are not used.
                "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLocation",
                "s3:GetBucketLogging", "s3:GetBucketObjectLockConfiguration",
                "s3:GetBucketRequestPayment", "s3:GetBucketVersioning", "s3:GetBucketWebsite",
                "s3:GetAccelerateConfiguration", "s3:GetLifecycleConfiguration",
                "s3:GetReplicationConfiguration",
            ], resource: "s3:::train-doctor-output", policy: "AmazonS3FullAccess"),
        Need(
            actions: [
                "s3:PutObject", "s3:GetObject", "s3:GetObjectTagging", "s3:DeleteObject",
                "s3:DeleteObjectVersion",
            ],
            resource: "s3:::train-doctor-output/object", policy: "AmazonS3FullAccess"),
        Need(
            actions: [
                "scheduler:CreateSchedule", "scheduler:GetSchedule", "scheduler:DeleteSchedule",
            ],
            resource: "scheduler:REGION:ACCOUNT:schedule/default/train-doctor",
            policy: "AmazonEventBridgeSchedulerFullAccess"),
    ]

    /// Who asks, as the simulator wants to be told.
    struct Principal: Sendable, Equatable {
        var arn: String
        var partition: String
        var account: String

        /// nil if the simulator does not support that kind of principal.
        ///
        /// - Parameter arn: of `aws sts get-caller-identity`.
        init?(caller arn: String) {
            let parts = arn.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 6, parts[0] == "arn" else { return nil }
            let name = parts[5].split(separator: "/").map(String.init)
            partition = parts[1]
            account = parts[4]
            switch name.first {
            case "user", "root": self.arn = arn
            // The session's last part is its own name; the role's path is not in it.
            case "assumed-role" where name.count == 3:
                self.arn = "arn:\(partition):iam::\(account):role/\(name[1])"
            default: return nil
            }
        }

        var isRoot: Bool { arn.hasSuffix(":root") }
        /// Its role's name, where it is a session of one.
        var role: String? { arn.firstMatch(of: /:role\/(.+)$/).map { String($0.1) } }
    }

    func check() async -> CheckResult {
        do {
            guard var principal = try await caller() else {
                return Self.unknown("the simulator knows no session of this kind")
            }
            if principal.isRoot { return .good("the account's root user may do everything") }
            if let role = principal.role, let arn = try? await self.arn(ofRole: role) {
                principal.arn = arn
            }
            let known = principal
            let lacking = try await ParallelMap.run(Self.needed, limit: 4) { need in
                try await simulate(need, for: known)
            }.flatMap { $0 }
            guard !lacking.isEmpty else { return .good("all that a start needs") }
            let policies = Set(lacking.map(\.policy)).sorted().joined(separator: ", ")
            return .problem(
                "missing: " + lacking.map(\.action).joined(separator: ", "),
                hint: "\(principal.arn) needs them; they come with Amazon's policies \(policies)")
        } catch {
            return Self.unknown((error as? Failure)?.summary ?? "\(error)")
        }
    }

    private func caller() async throws -> Principal? {
        let text = try await tool.ask([
            "sts", "get-caller-identity", "--query", "Arn", "--output", "text",
            "--region", region,
        ])
        return Principal(caller: String(text.filter { !$0.isWhitespace }))
    }

    /// With its path, which a session's name lacks: that of single sign-on has one.
    private func arn(ofRole name: String) async throws -> String {
        let text = try await tool.ask([
            "iam", "get-role", "--role-name", name, "--query", "Role.Arn", "--output", "text",
            "--region", region,
        ])
        return String(text.filter { !$0.isWhitespace })
    }

    private func simulate(
        _ need: Need, for principal: Principal
    ) async throws -> [(action: String, policy: String)] {
        var resource = need.resource.replacing("ACCOUNT", with: principal.account)
            .replacing("REGION", with: region)
        if resource != "*" { resource = "arn:\(principal.partition):\(resource)" }
        let text = try await tool.ask(
            ["iam", "simulate-principal-policy", "--policy-source-arn", principal.arn]
                + ["--action-names"] + need.actions + ["--resource-arns", resource]
                + [
                    // Policies often let a role be passed to EC2 alone.
                    "--context-entries",
                    "ContextKeyName=iam:PassedToService,ContextKeyType=string,"
                        + "ContextKeyValues=ec2.amazonaws.com",
                    "--query", "EvaluationResults[?EvalDecision!='allowed'].EvalActionName",
                    "--output", "json", "--region", region,
                ])
        guard let denied = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        else { throw Failure("\(tool.provider.tool): its answer is not the expected list") }
        return denied.map { ($0, need.policy) }
    }

    private static func unknown(_ reason: String) -> CheckResult {
        .warning(
            "not known: \(reason)",
            hint: "the check needs iam:SimulatePrincipalPolicy; docs/clouds.md lists the "
                + "permissions a run needs")
    }
}
