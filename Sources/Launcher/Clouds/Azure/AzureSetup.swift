import Shared

extension AzureProvider {
    /// An identity for the machines with its rights, after which a mere Contributor starts runs.
    func setup(project: String?) -> SetupText {
        let subscription = project.flatMap { AzureKey.isSubscription($0) ? $0 : nil }
        let id = subscription ?? "SUBSCRIPTION"
        let scope = ["--scope", "/subscriptions/\(id)"]
        let own = ["--subscription", id]
        let group = ["--resource-group", "train"]
        func grant(_ role: String, _ assignee: [String]) -> [String] {
            ["az", "role", "assignment", "create", "--role", role] + assignee + scope
        }
        let machine = [
            "--assignee-object-id", "PRINCIPAL_ID", "--assignee-principal-type", "ServicePrincipal",
        ]
        let person = ["--assignee", "YOU@EXAMPLE.COM"]
        let identity = ["az", "identity", "show", "--name", "train-machine"] + group + own
        return SetupText(
            steps: [
                SetupText.Step(
                    purpose: "The machines' identity; the last command prints PRINCIPAL_ID",
                    commands: [
                        ["az", "group", "create", "--name", "train", "--location", defaultZone]
                            + own,
                        ["az", "identity", "create", "--name", "train-machine"] + group + own,
                        identity + ["--query", "principalId", "--output", "tsv"],
                    ]),
                SetupText.Step(
                    purpose:
                        "Its rights: to read and write blobs, to deallocate its machine and to "
                        + "put off the daily shutdown",
                    commands: [
                        grant(AzurePermissions.blobs, machine),
                        grant("Virtual Machine Contributor", machine),
                    ]),
                SetupText.Step(
                    purpose: "Who starts runs: no right to assign roles is needed",
                    commands: [grant("Contributor", person), grant(AzurePermissions.blobs, person)]),
                SetupText.Step(
                    purpose: "Prints what to give as --identity",
                    commands: [identity + ["--query", "id", "--output", "tsv"]]),
            ], identity: "ID")
    }

    /// - Throws: `Failure` where the login's roles are known, and do not let it assign roles: else the
    ///   start would fail half-way, with the storage account made.
    func checkMayAssignRoles(_ plan: Plan, runner: any CommandRunner) async throws {
        guard plan.machine.identity == nil, AzureKey.isSubscription(plan.run.projectName) else {
            return
        }
        let tool = CloudTool(
            provider: self, credentialsPath: plan.access.credentialsPath, runner: runner)
        let place = CloudPlace(project: plan.run.projectName, region: region(of: defaultZone))
        guard case .problem(let lacking, let hint) = await permissions(in: place, asking: tool),
            lacking.contains(AzurePermissions.granter)
        else { return }
        throw Failure(
            "this login may make resources in the subscription, and assign no roles: \(lacking)",
            detail: hint, hint: AzurePermissions.withoutGranting)
    }
}
