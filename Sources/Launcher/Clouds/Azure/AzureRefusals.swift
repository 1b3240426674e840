/// Messages of Azure's APIs and of Terraform's provider `azurerm`; in full, with their sources, in
/// Tests/StandInProvider/standin/refusals.json.
extension AzureProvider {
    var refusalSigns: [RefusalSign] {
        [
            RefusalSign(
                .stockout,
                [
                    "SkuNotAvailable", "AllocationFailed", "OverconstrainedAllocationRequest",
                    "OverconstrainedZonalAllocationRequest",
                ]),
            // Free and student subscriptions may use a few regions only.
            RefusalSign(
                .regionClosed, ["RequestDisallowedByAzure", "set of best available regions"]),
            RefusalSign(
                .policy, ["RequestDisallowedByPolicy"],
                subject: { text in
                    text.firstMatch(of: /"policyAssignment":\{"name":"([^"]+)"/)
                        .map { String($0.1) }
                }
            ).hinting { text in
                text.contains("Public I P Address") || text.contains("publicIPAddresses")
                    ? "start it without one, in a network that has a way out: --no_public_ip --subnet ID"
                    : nil
            },
            RefusalSign(
                .count,
                [
                    "PublicIPCountLimitReached", "RoleAssignmentLimitExceeded",
                    "RoleDefinitionLimitExceeded",
                    "MaxStorageAccountsCountPerSubscriptionExceeded",
                ]),
            RefusalSign(.quota, ["Cores quota", "QuotaExceeded"]),
            RefusalSign(
                .credentials,
                [
                    "AADSTS", "Please run 'az login'", "unable to build authorizer",
                    "invalid_client",
                ]),
            RefusalSign(
                .nameTaken, ["StorageAccountAlreadyTaken", "StorageAccountAlreadyExists"]),
            RefusalSign(
                .noRoleForStore,
                [
                    "not authorized to perform this operation using this permission",
                    "AuthorizationPermissionMismatch",
                ],
                hint: "it needs the role Storage Blob Data Contributor there; one that was just "
                    + "given can take ten minutes to arrive"),
            RefusalSign(.forbidden, ["AuthorizationFailed", "forbidden", "Forbidden"])
                .hinting { text in
                    text.contains("roleAssignments") ? AzurePermissions.withoutGranting : nil
                },
        ]
    }
}
