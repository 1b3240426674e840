import Shared

/// Google Cloud.
struct GoogleCloud: RentedCloud {
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

    func store(_ part: String, of run: RunName) -> StoreURL {
        StoreURL(scheme: scheme, bucket: "\(run.slug)-\(part)", path: "")
    }

    func check(_ plan: Plan) throws {
        let type = machineType(for: plan.machine)
        guard plan.machine.gpuType == nil || type.hasPrefix("n1-") else {
            throw Failure.usage(
                "--gpu_type is for n1 machines, but --machine_type \(type) is none",
                hint: "machines of the families a2, a3 and g2 bring their GPU: leave --gpu_type out"
            )
        }
        if let path = plan.access.credentialsPath {
            try checkKey(path, project: plan.run.projectName)
        }
    }

    func checkKey(_ path: String, project: String) throws { try ServiceKey.check(path) }

    func variables(of plan: Plan) -> [String: JSONValue] {
        var variables: [String: JSONValue] = ["project": .string(plan.run.projectName)]
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

    func checks(in place: CloudPlace) -> [ToolCheck] {
        let project = place.project.map { ["--project=\($0)"] } ?? []
        let services = ["compute", "iam", "storage"].map { "\($0).googleapis.com" }
        return [
            ToolCheck(
                title: "credentials", arguments: ["auth", "print-access-token"],
                hint: "give --credentials_path FILE, or log in: gcloud auth login"),
            ToolCheck(
                title: "APIs",
                arguments: ["services", "list", "--enabled", "--format=value(config.name)"]
                    + project,
                hint:
                    "enable what is missing: gcloud services enable \(services.joined(separator: " "))",
                problem: { text in
                    let missing = services.filter { !text.contains($0) }
                    return missing.isEmpty ? nil : "not enabled: \(missing.joined(separator: ", "))"
                }),
            ToolCheck(
                title: "GPU quota",
                arguments: ["compute", "project-info", "describe", "--format=json(quotas)"]
                    + project,
                hint: "ask for GPUS_ALL_REGIONS in the console: IAM & Admin, Quotas",
                problem: GoogleQuota.problem),
        ]
    }
}

/// The quota without which a project gets no GPU anywhere.
enum GoogleQuota {
    private struct Project: Decodable {
        struct Quota: Decodable {
            var metric: String
            var limit: Double
            var usage: Double
        }
        var quotas: [Quota]
    }

    @Sendable static func problem(in text: String) -> String? {
        guard let project = try? JSONDecoder().decode(Project.self, from: Data(text.utf8)),
            let quota = project.quotas.first(where: { $0.metric == "GPUS_ALL_REGIONS" })
        else { return "GPUS_ALL_REGIONS is not among the project's quotas" }
        let free = quota.limit - quota.usage
        return free >= 1
            ? nil : "GPUS_ALL_REGIONS: \(Int(quota.usage)) of \(Int(quota.limit)) in use"
    }
}
