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

    func store(_ part: String, of run: RunName) -> StoreURL {
        StoreURL(scheme: scheme, bucket: Self.account(of: run), path: part)
    }

    /// Unique in all of Azure, at most 24 of a-z and 0-9: the slug's `train` and its checksum.
    static func account(of run: RunName) -> String {
        String(run.slug.split(separator: "-").prefix(2).joined().prefix(24))
    }

    func check(_ plan: Plan) throws {
        guard plan.machine.gpuType == nil, plan.machine.gpuCount == nil else {
            throw Failure.usage(
                "--gpu_type and --gpu_count are for Google's n1 machines",
                hint: "on Azure the machine brings its GPUs: choose it by --machine_type, such as "
                    + "Standard_NC24ads_A100_v4")
        }
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

    func variables(of plan: Plan) -> [String: JSONValue] {
        var variables: [String: JSONValue] = [
            "storage_account_name": .string(Self.account(of: plan.run))
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

    func livingQueries(in place: CloudPlace) -> [LivingQuery] {
        [
            LivingQuery(
                arguments: ["resource", "list", "--tag"]
                    + ["\(Living.label.name)=\(Living.label.value)", "--query"]
                    + ["[].{name:name,kind:type,zone:location,tags:tags}", "-o", "json"]
                    + subscription(place))
        ]
    }

    func removal(of thing: Living, in place: CloudPlace) -> String {
        (["az", "group", "delete", "--name", thing.run ?? "RUN"] + subscription(place))
            .joined(separator: " ")
    }

    private func subscription(_ place: CloudPlace) -> [String] {
        place.project.map { isSubscription($0) ? ["--subscription", $0] : [] } ?? []
    }

    func checks(in place: CloudPlace) -> [ToolCheck] {
        [
            ToolCheck(
                title: "credentials",
                arguments: ["account", "show", "-o", "json"]
                    + subscription(place),
                hint: "log in: az login"),
            ToolCheck(
                title: "GPU quota",
                arguments: ["vm", "list-usage", "--location", place.region, "--query"]
                    + [
                        "[?contains(name.value, 'NC')].{limit:limit,used:currentValue}", "-o",
                        "json",
                    ]
                    + subscription(place),
                hint: "ask for vCPUs of the NC family in the portal: Quotas",
                problem: Self.quotaProblem),
        ]
    }

    /// Whether no NC family has four vCPUs free, what the smallest machine takes.
    @Sendable private static func quotaProblem(in text: String) -> String? {
        struct Usage: Decodable {
            var limit: JSONValue
            var used: Int64
        }
        guard let usages = try? JSONDecoder().decode([Usage].self, from: Data(text.utf8)) else {
            return "its answer does not read"
        }
        let free = usages.map { usage -> Int64 in
            switch usage.limit {
            case .integer(let limit): limit - usage.used
            case .string(let limit): (Int64(limit) ?? 0) - usage.used
            default: 0
            }
        }
        return free.contains { $0 >= 4 } ? nil : "no NC family has 4 vCPUs free"
    }
}
