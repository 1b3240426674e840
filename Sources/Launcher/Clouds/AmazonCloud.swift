import Shared

/// AWS.
struct AmazonCloud: RentedCloud {
    let name = "aws"
    /// The credentials name the account; the name only tells runs apart.
    let defaultProjectName: String? = "aws"
    let defaultZone = "us-east-1a"
    let needsCredentials = false
    let scheme = "s3"
    let machineResource = "aws_instance.run"
    let powerOff: [String]? = nil

    func machineType(for request: MachineRequest) -> String { request.machineType ?? "g5.xlarge" }

    func region(of zone: String) -> String {
        zone.last?.isLetter == true ? String(zone.dropLast()) : zone
    }

    func dataset(_ text: String) throws -> StoreURL {
        try RentedBucket.parse(text, scheme: scheme, example: "s3://BUCKET")
    }

    func store(_ part: String, of run: RunName) -> StoreURL {
        StoreURL(scheme: scheme, bucket: "\(run.slug)-\(part)", path: "")
    }

    func check(_ plan: Plan) throws {
        guard plan.machine.gpuType == nil, plan.machine.gpuCount == nil else {
            throw Failure.usage(
                "--gpu_type and --gpu_count are for Google's n1 machines",
                hint:
                    "on AWS the machine brings its GPUs: choose it by --machine_type, such as g5.12xlarge"
            )
        }
        // Terraform's provider would lose sight of the first region's network.
        let regions = Set(plan.machine.zones.map(region))
        guard regions.count <= 1 else {
            throw Failure.usage(
                "--zones: on AWS all zones must lie in one region, not in "
                    + regions.sorted().joined(separator: " and "))
        }
    }

    func variables(of plan: Plan) -> [String: JSONValue] {
        plan.datasetBucket.map { ["dataset_bucket": .string($0.bucket)] } ?? [:]
    }

    let tool = "aws"
    let loginVariables = LoginVariables.amazon

    func environment(credentialsPath: String?) -> [String: String?] {
        var environment: [String: String?] = ["AWS_PAGER": ""]
        if let credentialsPath { environment["AWS_SHARED_CREDENTIALS_FILE"] = credentialsPath }
        return environment
    }

    func stateQuery(of machine: MadeMachine) -> [String] {
        ["ec2", "describe-instances", "--region", machine.region, "--instance-ids"]
            + [machine.instanceId, "--query", "Reservations[].Instances[].State.Name"]
            + ["--output", "text"]
    }

    func stateWords(of machine: MadeMachine) -> (running: [String], gone: [String]) {
        (
            running: ["pending", "running", "stopping", "shutting-down"],
            gone: ["stopped", "terminated", "InvalidInstanceID.NotFound"]
        )
    }

    func ending(of machine: MadeMachine) -> [String] {
        ["ec2", "stop-instances", "--region", machine.region, "--instance-ids", machine.instanceId]
    }

    func livingQueries(in place: CloudPlace) -> [LivingQuery] {
        let label = "Name=tag:\(Living.label.name),Values=\(Living.label.value)"
        let states = "Name=instance-state-name,Values=pending,running,stopping,stopped"
        let tail = ["--output", "json", "--region", place.region]
        return [
            LivingQuery(
                kind: "machine",
                arguments: ["ec2", "describe-instances", "--filters", label, states, "--query"]
                    + [
                        "Reservations[].Instances[].{name:InstanceId,state:State.Name,"
                            + "zone:Placement.AvailabilityZone,tags:Tags}"
                    ] + tail),
            LivingQuery(
                kind: "disk",
                arguments: ["ec2", "describe-volumes", "--filters", label, "--query"]
                    + ["Volumes[].{name:VolumeId,state:State,zone:AvailabilityZone,tags:Tags}"]
                    + tail),
            LivingQuery(
                kind: "bucket",
                arguments: ["resourcegroupstaggingapi", "get-resources"]
                    + ["--resource-type-filters", "s3", "--tag-filters"]
                    + ["Key=\(Living.label.name),Values=\(Living.label.value)", "--query"]
                    + ["ResourceTagMappingList[].{name:ResourceARN,tags:Tags}"] + tail,
                isPrompt: false),
        ]
    }

    func removal(of thing: Living, in place: CloudPlace) -> String {
        let region = "--region \(place.region)"
        return switch thing.kind {
        case "machine": "aws ec2 terminate-instances \(region) --instance-ids \(thing.name)"
        case "disk": "aws ec2 delete-volume \(region) --volume-id \(thing.name)"
        default:
            "aws s3 rb --force s3://\(thing.name.split(separator: ":").last.map(String.init) ?? "")"
        }
    }

    func checks(in place: CloudPlace) -> [ToolCheck] {
        [
            ToolCheck(
                title: "credentials",
                arguments: ["sts", "get-caller-identity", "--output", "json"],
                hint: "give --credentials_path FILE, or log in: aws configure"),
            ToolCheck(
                title: "permissions",
                arguments: ["ec2", "describe-instances", "--max-items", "1", "--output", "json"]
                    + ["--region", place.region],
                hint: "docs/clouds.md lists the permissions a run needs"),
            ToolCheck(
                title: "GPU quota",
                // "Running On-Demand G and VT instances", counted in vCPUs.
                arguments: ["service-quotas", "get-service-quota", "--service-code", "ec2"]
                    + ["--quota-code", "L-DB2E81BA", "--query", "Quota.Value", "--output", "text"]
                    + ["--region", place.region],
                hint: "ask for more in the console: Service Quotas, EC2",
                problem: { text in
                    let vcpus = Double(text.filter { !$0.isWhitespace }) ?? 0
                    return vcpus >= 4 ? nil : "G and VT instances may have \(Int(vcpus)) vCPUs"
                }),
        ]
    }
}
