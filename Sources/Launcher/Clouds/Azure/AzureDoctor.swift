import Shared

extension AzureProvider: DoctorChecks {
    func checks(in place: CloudPlace, credentialsPath: String?) -> [DoctorCheck] {
        [
            DoctorCheck(
                title: "credentials",
                arguments: ["account", "show", "-o", "json"]
                    + subscription(place),
                hint: "log in: az login"),
            DoctorCheck(
                title: "GPU quota in \(place.region)",
                arguments: ["vm", "list-usage", "--location", place.region, "--query"]
                    + [
                        "[?contains(name.value,'NC')||contains(name.value,'ND')||"
                            + "name.value=='lowPriorityCores']"
                            + ".{name:name.value,limit:limit,used:currentValue}", "-o", "json",
                    ]
                    + subscription(place),
                hint: "ask for vCPUs of the family in the portal: Quotas; lowPriorityCores is that "
                    + "of --spot",
                interpret: AzureQuota.result),
        ]
    }

    func permissions(in place: CloudPlace, asking tool: CloudTool) async -> CheckResult {
        do {
            let principal: String
            if let path = tool.credentialsPath {
                principal = try AzureKey(path).clientId
            } else {
                let text = try await tool.ask(
                    ["account", "show", "--query", "user.name", "-o", "tsv"] + subscription(place))
                principal = String(text.filter { !$0.isWhitespace })
            }
            let subscription = place.project ?? ""
            let text = try await tool.ask(
                AzurePermissions.query(of: principal, subscription: subscription))
            return AzurePermissions.result(text, principal: principal, subscription: subscription)
        } catch {
            return AzurePermissions.unknown((error as? Failure)?.summary ?? "\(error)")
        }
    }
}
