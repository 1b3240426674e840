import Shared

/// Whether a principal's roles in a subscription let it start and finish a run.
///
/// A run makes role assignments and one role definition, which Contributor may not and, of the
/// second, Role Based Access Control Administrator may not either
/// (learn.microsoft.com/azure/role-based-access-control/built-in-roles).
enum AzureRoles {
    private static let maker = "Contributor"
    private static let granter = "User Access Administrator"
    /// Roles of which it is known what they cannot do.
    private static let known: Set = [
        maker, granter, "Reader", "Role Based Access Control Administrator",
        "Virtual Machine Contributor", "Network Contributor", "Storage Account Contributor",
    ]

    static func query(of principal: String, subscription: String) -> [String] {
        ["role", "assignment", "list", "--assignee", principal, "--include-inherited"]
            + ["--include-groups", "--subscription", subscription]
            + ["--query", "[].roleDefinitionName", "-o", "json"]
    }

    static func judge(_ text: String, principal: String, subscription: String) -> Verdict {
        guard let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
            return unknown("its answer does not read")
        }
        let roles = Set(names)
        let missing = [maker, granter].filter { !roles.contains($0) }
        guard !roles.contains("Owner"), !missing.isEmpty else {
            return .good("all that a start needs")
        }
        let others = roles.subtracting(known).sorted().map(harmless).joined(separator: ", ")
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

    static func unknown(_ reason: String) -> Verdict {
        .warning(
            "not known: \(reason)",
            hint: "a run needs Owner of the subscription, or Contributor with User Access "
                + "Administrator")
    }
}
