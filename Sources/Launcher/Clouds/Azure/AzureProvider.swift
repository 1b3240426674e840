import Shared

/// Azure.
struct AzureProvider: CloudProvider {
    let name = "azure"
    /// The login names the subscription; any other name only tells runs apart.
    let defaultProjectName: String? = "azure"
    let needsCredentials = false
    let scheme = "az"
    let terraformFiles = [
        TerraformFile(name: "azure.tf", bytes: PackageResources.azure_tf),
        TerraformFile(name: "azure-machine.tf", bytes: PackageResources.azure_machine_tf),
        TerraformFile(name: "azure-network.tf", bytes: PackageResources.azure_network_tf),
        TerraformFile(name: "azure-switch.tf", bytes: PackageResources.azure_switch_tf),
    ]
    let storeResources = [
        "azurerm_storage_container.run", "azurerm_role_assignment.owner",
    ]
    let machineResource = "azurerm_linux_virtual_machine.run"
    /// Azure bills a machine that is shut down from inside until it is deallocated.
    let powerOff: [String]? = ["/usr/local/sbin/train-deallocate"]
    /// The machine itself pushes its daily shutdown on, while the agent lives.
    let fixesLimit = false
    /// A region alone: Azure chooses the zone.
    let defaultZone = "eastus"

    func machineType(for request: MachineRequest) -> String {
        request.machineType ?? "Standard_NC4as_T4_v3"
    }

    func region(of zone: String) -> String {
        String(zone.prefix { $0 != "-" })
    }

    func dataset(_ text: String) throws -> StoreURL {
        let url = try BucketArgument.parse(text, scheme: scheme)
        guard !url.path.isEmpty else {
            throw Failure.usage(
                "\(quoted(text)) names no container", hint: "give az://ACCOUNT/CONTAINER")
        }
        return url
    }

    /// The name is the account's: at most 24 of a-z and 0-9.
    func store(_ part: String, _ name: StoreName) -> StoreURL {
        StoreURL(scheme: scheme, bucket: name.text, path: part)
    }

    func check(_ plan: Plan) throws {
        guard plan.machine.gpuType == nil, plan.machine.gpuCount == nil else {
            throw Failure.usage(
                "--gpu_type and --gpu_count are for Google's n1 machines",
                hint: "on Azure the machine brings its GPUs: choose it by --machine_type, such as "
                    + "Standard_NC24ads_A100_v4")
        }
        try plan.machine.checkAddresses()
        try checkFit(of: plan.machine)
        try checkPlace(of: plan.machine)
        if let path = plan.access.credentialsPath {
            try checkKey(path, project: plan.run.projectName)
        } else {
            try checkLogin(project: plan.run.projectName)
        }
        guard isInstalled("ssh-keygen") else {
            throw Failure.notInstalled(
                "ssh-keygen", purpose: "without which Azure creates no machine",
                hint: "install OpenSSH's client")
        }
        guard isInstalled("rclone") else {
            throw Failure.notInstalled("rclone", purpose: "which reads and writes Azure's blobs")
        }
    }

    /// rclone reads the login of az since its version 1.61 (rclone.org/changelog, azureblob).
    func checkTools(_ plan: Plan, runner: any CommandRunner) async throws {
        try await checkRclone(plan, runner: runner)
        try await checkMayAssignRoles(plan, runner: runner)
    }

    private func checkRclone(_ plan: Plan, runner: any CommandRunner) async throws {
        guard plan.access.credentialsPath == nil else { return }
        let said = try await runner.output(of: Command("rclone", ["version"]))
        let version = said.firstMatch(of: /rclone v([0-9.]+)/).map { String($0.1) } ?? ""
        guard TerraformDriver.isVersion(version, atLeast: Self.oldestRclone) else {
            throw Failure(
                "rclone \(harmless(version)) does not know the login of az",
                hint: "install rclone \(Self.oldestRclone) or later (rclone.org/install), or give "
                    + "--credentials_path FILE")
        }
    }

    /// A text in a condition stands in single quotes
    /// (learn.microsoft.com/azure/role-based-access-control/conditions-format).
    func wideGrantReason(_ plan: Plan, asking tool: CloudTool) async -> String? {
        guard let prefix = plan.datasetGrant?.prefix, prefix.contains(where: { "'\\".contains($0) })
        else { return nil }
        return "Azure's conditions cannot hold a name with a quote or a backslash"
    }

    private static let oldestRclone = "1.61"

    func variables(of plan: Plan, _ name: StoreName) -> [String: JSONValue] {
        var variables: [String: JSONValue] = [
            "storage_account_name": .string(name.text)
        ]
        if AzureKey.isSubscription(plan.run.projectName) {
            variables["project"] = .string(plan.run.projectName)
        }
        if let url = plan.datasetBucket {
            let container = url.path.split(separator: "/").first.map(String.init) ?? ""
            variables["dataset_bucket"] = .string("\(url.bucket)/\(container)")
        }
        return variables
    }
}
