import Shared

/// Google Cloud.
struct GoogleCloud: RentedCloud {
    var login = GoogleLogin.ofThisComputer()
    let name = "gcp"
    let defaultProjectName: String? = nil
    let defaultZone = "us-central1-a"
    let needsCredentials = false
    let scheme = "gs"
    let machineResource = "google_compute_instance.run"
    let powerOff: [String]? = nil

    /// An n1 machine where a GPU is to be attached, else the smallest that brings one.
    func machineType(for request: MachineRequest) -> String {
        request.machineType ?? (request.gpuType == nil ? "g2-standard-8" : "n1-standard-8")
    }

    func region(of zone: String) -> String {
        zone.split(separator: "-").dropLast().joined(separator: "-")
    }

    func dataset(_ text: String) throws -> StoreURL {
        try RentedBucket.parse(text, scheme: scheme, example: "gs://BUCKET")
    }

    func check(_ plan: Plan) throws {
        let type = machineType(for: plan.machine)
        guard plan.machine.gpuType == nil || type.hasPrefix("n1-") else {
            throw Failure.usage(
                "--gpu_type is for n1 machines, but --machine_type \(type) is none",
                hint: "machines of the families a2, a3 and g2 bring their GPU: leave --gpu_type out"
            )
        }
        guard plan.machine.gpuCount == nil || plan.machine.gpuType != nil else {
            let isPlain = type.hasPrefix("n1-")
            throw Failure.usage(
                "--gpu_count says how many GPUs are attached to an n1 machine, but "
                    + (isPlain ? "no --gpu_type says which" : "\(type) brings its own"),
                hint: isPlain
                    ? "give --gpu_type too, such as nvidia-tesla-t4"
                    : "choose how many by --machine_type, such as g2-standard-24 or a2-highgpu-2g; "
                        + "or give --gpu_type too, for an n1 machine")
        }
        try plan.machine.checkAddresses()
        if let path = plan.access.credentialsPath {
            try checkKey(path, project: plan.run.projectName)
        } else {
            _ = try login.source()
        }
    }

    func checkKey(_ path: String, project: String) throws { try ServiceKey.check(path) }

    func variables(of plan: Plan, _ stem: StoreStem) -> [String: JSONValue] {
        var variables: [String: JSONValue] = [
            "project": .string(plan.run.projectName), "bucket_stem": .string(stem.text),
        ]
        if let bucket = plan.datasetBucket { variables["dataset_bucket"] = .string(bucket.bucket) }
        // variables.tf takes a GPU where an n1 machine is to have one.
        if let type = plan.machine.gpuType {
            variables["gpu_type"] = .string(type)
            variables["gpu_count"] = .integer(Int64(plan.machine.gpuCount ?? 1))
        }
        return variables
    }

    let tool = "gcloud"
    let loginVariables = LoginVariables.google

    func environment(credentialsPath: String?) -> [String: String?] {
        var environment: [String: String?] = ["CLOUDSDK_CORE_DISABLE_PROMPTS": "1"]
        if let credentialsPath {
            environment["CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"] = credentialsPath
        }
        return environment
    }

    func stateQuery(of machine: MadeMachine) -> [String] {
        ["compute", "instances", "describe"] + place(of: machine) + ["--format=value(status)"]
    }

    func stateWords(of machine: MadeMachine) -> (running: [String], gone: [String]) {
        (
            running: ["PROVISIONING", "STAGING", "RUNNING", "STOPPING", "SUSPENDING", "REPAIRING"],
            gone: [
                "TERMINATED", "STOPPED", "SUSPENDED",
                "instances/\(machine.instanceName)' was not found",
            ]
        )
    }

    func ending(of machine: MadeMachine) -> [String] {
        ["compute", "instances", "stop"] + place(of: machine)
            + ["--discard-local-ssd=true", "--quiet"]
    }

    private func place(of machine: MadeMachine) -> [String] {
        [machine.instanceName, "--zone=\(machine.zone)", "--project=\(machine.project)"]
    }

    func livingQueries(in place: CloudPlace) -> [LivingQuery] {
        let label = "labels.\(Living.label.name)=\(Living.label.value)"
        let project = place.project.map { ["--project=\($0)"] } ?? []
        func list(_ words: [String], _ fields: String) -> [String] {
            words + ["list", "--filter=\(label)", "--format=json(\(fields))"] + project
        }
        return [
            LivingQuery(
                kind: "machine",
                arguments: list(["compute", "instances"], "name,zone,status,labels")),
            LivingQuery(kind: "disk", arguments: list(["compute", "disks"], "name,zone,labels")),
            LivingQuery(kind: "bucket", arguments: list(["storage", "buckets"], "name,labels")),
        ]
    }

    func removal(of thing: Living, in place: CloudPlace) -> String {
        let project = place.project.map { " --project=\($0)" } ?? ""
        switch thing.kind {
        case "bucket": return "gcloud storage rm --recursive gs://\(thing.name)\(project)"
        default:
            let noun = thing.kind == "machine" ? "instances" : "disks"
            return
                "gcloud compute \(noun) delete \(thing.name) --zone=\(thing.zone ?? "ZONE")\(project)"
        }
    }

    func checks(in place: CloudPlace, credentialsPath: String?) -> [ToolCheck] {
        let project = place.project.map { ["--project=\($0)"] } ?? []
        let services = ["compute", "iam", "storage"].map { "\($0).googleapis.com" }
        return loginChecks(credentialsPath: credentialsPath) + [
            ToolCheck(
                title: "APIs",
                arguments: ["services", "list", "--enabled", "--format=value(config.name)"]
                    + project,
                hint:
                    "enable what is missing: gcloud services enable \(services.joined(separator: " "))",
                judge: { text in
                    let enabled = Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
                    let missing = services.filter { !enabled.contains($0) }
                    return missing.isEmpty
                        ? .good("enabled")
                        : .problem("not enabled: \(missing.joined(separator: ", "))", hint: nil)
                }),
            ToolCheck(
                title: "GPU quota",
                arguments: ["compute", "project-info", "describe", "--format=json(quotas)"]
                    + project,
                hint: "ask for GPUS_ALL_REGIONS in the console: IAM & Admin, Quotas",
                judge: GoogleQuota.everywhere),
            ToolCheck(
                title: "GPU quota in \(place.region)",
                arguments: ["compute", "regions", "describe", place.region]
                    + ["--format=json(quotas)"] + project,
                hint: "ask for the GPU's own quota in the console: IAM & Admin, Quotas; "
                    + "PREEMPTIBLE_… is that of --spot",
                judge: GoogleQuota.inRegion),
        ]
    }

    /// gcloud's own login asks for what is alive; Terraform's makes the machine. A key is both.
    private func loginChecks(credentialsPath: String?) -> [ToolCheck] {
        let own = ToolCheck(
            title: "credentials", arguments: ["auth", "print-access-token"],
            hint: "give --credentials_path FILE, or log in: gcloud auth login")
        guard credentialsPath == nil, (try? login.source()) != .token else { return [own] }
        var terraforms = ToolCheck(
            title: "Terraform's login",
            arguments: ["auth", "application-default", "print-access-token"],
            hint: GoogleLogin.hint)
        if case .variable(let name)? = try? login.source() {
            terraforms.arguments = ["version"]
            terraforms.judge = { _ in .good("by \(name)") }
        }
        return [own, terraforms]
    }

    func permissions(in place: CloudPlace, asking tool: CloudTool) async -> Verdict {
        guard let project = place.project else {
            return GooglePermissions.unknown("no project is given")
        }
        do {
            let token: String
            if tool.credentialsPath != nil {
                token = try await tool.ask(["auth", "print-access-token"])
            } else {
                switch try login.source() {
                case .variable(let name):
                    return GooglePermissions.unknown("Terraform's login is in \(name)")
                case .token: token = login.environment["GOOGLE_OAUTH_ACCESS_TOKEN"] ?? ""
                case .defaults:
                    token = try await tool.ask([
                        "auth", "application-default", "print-access-token",
                    ])
                }
            }
            return await GooglePermissions(runner: tool.runner).verdict(
                project: project, token: String(token.filter { !$0.isWhitespace }))
        } catch {
            return GooglePermissions.unknown((error as? Failure)?.summary ?? "\(error)")
        }
    }
}
