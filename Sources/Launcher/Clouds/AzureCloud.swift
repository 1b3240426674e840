import Shared

/// Azure.
struct AzureCloud: RentedCloud {
    let name = "azure"
    /// The login names the subscription; another name only tells runs apart.
    let defaultProjectName: String? = "azure"
    /// A region alone: Azure chooses the zone.
    let defaultZone = "eastus"
    /// rclone, which reads the blobs, knows no `az login`.
    let needsCredentials = true
    let scheme = "az"
    let machineResource = "azurerm_linux_virtual_machine.run"
    /// A shutdown from inside goes on billing.
    let powerOff: [String]? = ["/usr/local/sbin/train-deallocate"]

    func machineType(for request: MachineRequest) -> String {
        request.machineType ?? "Standard_NC4as_T4_v3"
    }

    func region(of zone: String) -> String {
        String(zone.prefix { $0 != "-" })
    }

    func dataset(_ text: String) throws -> StoreURL {
        let url = try RentedBucket.parse(text, scheme: scheme, example: "az://ACCOUNT/CONTAINER")
        guard !url.path.isEmpty else {
            throw Failure.usage(
                "\(quoted(text)) names no container", hint: "give az://ACCOUNT/CONTAINER")
        }
        return url
    }

    /// The stem is the account's name: at most 24 of a-z and 0-9.
    func store(_ part: String, _ stem: StoreStem) -> StoreURL {
        StoreURL(scheme: scheme, bucket: stem.text, path: part)
    }

    func check(_ plan: Plan) throws {
        guard plan.machine.gpuType == nil, plan.machine.gpuCount == nil else {
            throw Failure.usage(
                "--gpu_type and --gpu_count are for Google's n1 machines",
                hint: "on Azure the machine brings its GPUs: choose it by --machine_type, such as "
                    + "Standard_NC24ads_A100_v4")
        }
        try plan.machine.checkAddresses()
        if let path = plan.access.credentialsPath {
            try checkKey(path, project: plan.run.projectName)
        }
        guard isInstalled("ssh-keygen") else {
            throw Failure(
                "ssh-keygen is not installed, and Azure makes no machine without a key",
                hint: "install OpenSSH's client")
        }
        guard isInstalled("rclone") else {
            throw Failure(
                "rclone is not installed; Azure's blobs are read with it", hint: "install rclone")
        }
    }

    /// - Throws: `Failure` where the file is no service principal that Terraform and rclone both read.
    func checkKey(_ path: String, project: String) throws {
        let howTo =
            "make one: az ad sp create-for-rbac --role Owner --scopes "
            + "/subscriptions/ID > FILE; and give --project_name ID"
        let data = try readFile(path)
        guard let keys = try? JSONDecoder().decode([String: JSONValue].self, from: data) else {
            throw Failure("--credentials_path \(quoted(path)) is not a JSON object", hint: howTo)
        }
        for name in ["appId", "password", "tenant"] where keys[name] == nil {
            throw Failure("--credentials_path \(quoted(path)) has no \(name)", hint: howTo)
        }
        guard isSubscription(project) || keys["subscriptionId"] != nil else {
            throw Failure.usage("--project_name is not the id of a subscription", hint: howTo)
        }
    }

    func variables(of plan: Plan, _ stem: StoreStem) -> [String: JSONValue] {
        var variables: [String: JSONValue] = [
            "storage_account_name": .string(stem.text)
        ]
        if isSubscription(plan.run.projectName) {
            variables["project"] = .string(plan.run.projectName)
        }
        if let url = plan.datasetBucket {
            let container = url.path.split(separator: "/").first.map(String.init) ?? ""
            variables["dataset_bucket"] = .string("\(url.bucket)/\(container)")
        }
        return variables
    }

    /// `11111111-1111-1111-1111-111111111111`.
    private func isSubscription(_ name: String) -> Bool {
        name.wholeMatch(of: /[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/) != nil
    }

    let tool = "az"
    let loginVariables = LoginVariables.azure

    /// az has its own login only: it reads no key file.
    func environment(credentialsPath: String?) -> [String: String?] {
        ["AZURE_CORE_ONLY_SHOW_ERRORS": "1", "AZURE_CORE_NO_COLOR": "1"]
    }

    func stateQuery(of machine: MadeMachine) -> [String] {
        ["vm", "get-instance-view", "--ids", machine.instanceId]
            + ["--query", "instanceView.statuses[].code", "-o", "tsv"]
    }

    /// A machine that is stopped and not deallocated bills on, but trains no more.
    func stateWords(of machine: MadeMachine) -> (running: [String], gone: [String]) {
        (
            running: ["PowerState/starting", "PowerState/running", "PowerState/stopping"],
            gone: [
                "PowerState/deallocat", "PowerState/stopped", "ResourceNotFound",
                "ResourceGroupNotFound",
            ]
        )
    }

    func ending(of machine: MadeMachine) -> [String] {
        ["vm", "deallocate", "--ids", machine.instanceId]
    }

    func resolved(_ place: CloudPlace, credentialsPath: String?) throws -> CloudPlace {
        var place = place
        let keys = try credentialsPath.map(AzurePrincipal.init)
        // In the order of `azure.tf`.
        let named = [place.project, keys?.subscriptionId].compactMap { $0 }
        guard let subscription = named.first(where: isSubscription) else {
            throw Failure(
                "which subscription Terraform works in is not known",
                hint: "give --project_name ID, the id of the subscription")
        }
        place.project = subscription
        return place
    }

    /// The listing is known to show for minutes what is deleted (azure-rest-api-specs #21221).
    func livingQueries(in place: CloudPlace) -> [LivingQuery] {
        [
            LivingQuery(
                arguments: ["resource", "list", "--tag"]
                    + ["\(Living.label.name)=\(Living.label.value)", "--query"]
                    + ["[].{name:name,kind:type,zone:location,tags:tags}", "-o", "json"]
                    + subscription(place),
                forgets: .soon, account: place.project)
        ]
    }

    func removal(of thing: Living, in place: CloudPlace) -> String {
        var place = place
        place.project = thing.account ?? place.project
        return
            (["az", "group", "delete", "--name", thing.run ?? "RUN"] + subscription(place))
            .joined(separator: " ")
    }

    private func subscription(_ place: CloudPlace) -> [String] {
        place.project.map { isSubscription($0) ? ["--subscription", $0] : [] } ?? []
    }

    func checks(in place: CloudPlace, credentialsPath: String?) -> [ToolCheck] {
        [
            ToolCheck(
                title: "credentials",
                arguments: ["account", "show", "-o", "json"]
                    + subscription(place),
                hint: "log in: az login"),
            ToolCheck(
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
                judge: AzureQuota.judge),
        ]
    }

    func permissions(in place: CloudPlace, asking tool: CloudTool) async -> Verdict {
        do {
            let keys = try tool.credentialsPath.map(AzurePrincipal.init)
            let principal: String
            if let appId = keys?.appId {
                principal = appId
            } else {
                let text = try await tool.ask(
                    ["account", "show", "--query", "user.name", "-o", "tsv"] + subscription(place))
                principal = String(text.filter { !$0.isWhitespace })
            }
            let subscription = place.project ?? ""
            let text = try await tool.ask(
                AzureRoles.query(of: principal, subscription: subscription))
            return AzureRoles.judge(text, principal: principal, subscription: subscription)
        } catch {
            return AzureRoles.unknown((error as? Failure)?.summary ?? "\(error)")
        }
    }
}
