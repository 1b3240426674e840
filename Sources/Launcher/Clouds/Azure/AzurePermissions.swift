import Shared

/// Whether a principal's roles in a subscription let it start and finish a run.
///
/// A run makes role assignments, which Contributor may not
/// (learn.microsoft.com/azure/role-based-access-control/built-in-roles/privileged).
enum AzurePermissions {
    private static let maker = "Contributor"
    static let granter = "User Access Administrator"
    /// May assign roles too, and nothing else.
    private static let narrowGranter = "Role Based Access Control Administrator"
    /// Roles of which it is known what they cannot do.
    private static let known: Set = [
        maker, granter, "Reader", narrowGranter,
        "Virtual Machine Contributor", "Network Contributor", "Storage Account Contributor",
    ]

    /// To read and write what lies in storage accounts.
    static let blobs = "Storage Blob Data Contributor"

    /// For principals that may create resources but not assign roles.
    static let withoutGranting =
        "who may not assign roles starts with --identity ID, which an administrator makes once: "
        + "train doctor --cloud azure --print_setup prints the commands"

    static func query(of principal: String, subscription: String) -> [String] {
        ["role", "assignment", "list", "--assignee", principal, "--include-inherited"]
            + ["--include-groups", "--subscription", subscription]
            + ["--query", "[].roleDefinitionName", "-o", "json"]
    }

    static func result(_ text: String, principal: String, subscription: String) -> CheckResult {
        guard let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
            return unknown("its answer is not as expected")
        }
        let roles = Set(names)
        let missing = [[maker], [granter, narrowGranter]].filter(roles.isDisjoint).map { $0[0] }
        guard !roles.contains("Owner"), !missing.isEmpty else {
            return .good("all that a start needs")
        }
        let others = roles.subtracting(known).sorted().map(harmlessLine).joined(separator: ", ")
        guard others.isEmpty else {
            return unknown("what the role \(others) allows")
        }
        let grants = missing.map {
            "az role assignment create --assignee \(principal) --role \(quoted($0)) "
                + "--scope /subscriptions/\(subscription)"
        }
        return .problem(
            "the role of \(missing.joined(separator: " and ")) is missing",
            hint: "an owner of the subscription grants it: " + grants.joined(separator: "; "))
    }

    static func unknown(_ reason: String) -> CheckResult {
        .warning(
            "not known: \(reason)",
            hint: "a run needs Owner of the subscription, or Contributor with User Access "
                + "Administrator or Role Based Access Control Administrator")
    }
}
