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

    func check(_ plan: Plan) throws {
        guard plan.machine.gpuType == nil, plan.machine.gpuCount == nil else {
            throw Failure.usage(
                "--gpu_type and --gpu_count are for Google's n1 machines",
                hint:
                    "on AWS the machine brings its GPUs: choose it by --machine_type, such as g5.12xlarge"
            )
        }
        try plan.machine.checkAddresses()
        // Terraform's provider would lose sight of the first region's network.
        let regions = Set(plan.machine.zones.map(region))
        guard regions.count <= 1 else {
            throw Failure.usage(
                "--zones: on AWS all zones must lie in one region, not in "
                    + regions.sorted().joined(separator: " and "))
        }
    }

    func variables(of plan: Plan, _ stem: StoreStem) -> [String: JSONValue] {
        var variables: [String: JSONValue] = ["bucket_stem": .string(stem.text)]
        if let bucket = plan.datasetBucket { variables["dataset_bucket"] = .string(bucket.bucket) }
        return variables
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

    /// Those that are enabled; what is not can hold nothing.
    func regionsQuery(in place: CloudPlace) -> [String]? {
        ["ec2", "describe-regions", "--query", "Regions[].RegionName", "--output", "json"]
            + ["--region", place.region]
    }

    /// Spot requests come first: one that is kept would replace a machine that is removed before it.
    func livingQueries(in place: CloudPlace) -> [LivingQuery] {
        let label = "Name=tag:\(Living.label.name),Values=\(Living.label.value)"
        let states = "Name=instance-state-name,Values=pending,running,stopping,stopped"
        let instances = ["ec2", "describe-instances", "--filters", label, states, "--query"]
        // Not `deleting`: it costs nothing any more, and is gone soon.
        let whole = "Name=status,Values=creating,available,in-use,error"
        let tail = ["--output", "json", "--region", place.region]
        return [
            // A request gets its labels after the machine, if at all, so it is known by the run's
            // instance profile too. It is closed a moment after its machine's end.
            LivingQuery(
                kind: "spot request",
                arguments: ["ec2", "describe-spot-instance-requests", "--filters"]
                    + ["Name=state,Values=open,active,disabled", "--query"]
                    + [
                        "SpotInstanceRequests[].{name:SpotInstanceRequestId,state:State,"
                            + "zone:LaunchedAvailabilityZone,tags:Tags,"
                            + "profile:LaunchSpecification.IamInstanceProfile.Name||"
                            + "LaunchSpecification.IamInstanceProfile.Arn}"
                    ] + tail,
                forgets: .soon, isOursAlone: false, region: place.region),
            // The same behind labelled machines: a request may have neither labels nor a profile.
            LivingQuery(
                kind: "spot request",
                arguments: instances
                    + [
                        "Reservations[].Instances[?SpotInstanceRequestId][]."
                            + "{name:SpotInstanceRequestId,tags:Tags}"
                    ] + tail,
                forgets: .soon, region: place.region),
            LivingQuery(
                kind: "machine",
                arguments: instances
                    + [
                        "Reservations[].Instances[].{name:InstanceId,state:State.Name,"
                            + "zone:Placement.AvailabilityZone,tags:Tags}"
                    ] + tail, region: place.region),
            LivingQuery(
                kind: "disk",
                arguments: ["ec2", "describe-volumes", "--filters", label, whole, "--query"]
                    + ["Volumes[].{name:VolumeId,state:State,zone:AvailabilityZone,tags:Tags}"]
                    + tail, region: place.region),
            LivingQuery(
                kind: "bucket",
                arguments: ["resourcegroupstaggingapi", "get-resources"]
                    + ["--resource-type-filters", "s3", "--tag-filters"]
                    + ["Key=\(Living.label.name),Values=\(Living.label.value)", "--query"]
                    + ["ResourceTagMappingList[].{name:ResourceARN,tags:Tags}"] + tail,
                forgets: .late, region: place.region),
        ]
    }

    func removal(of thing: Living, in place: CloudPlace) -> String {
        let region = "--region \(thing.region ?? place.region)"
        return switch thing.kind {
        case "spot request":
            "aws ec2 cancel-spot-instance-requests \(region) --spot-instance-request-ids "
                + thing.name
        case "machine": "aws ec2 terminate-instances \(region) --instance-ids \(thing.name)"
        case "disk": "aws ec2 delete-volume \(region) --volume-id \(thing.name)"
        default:
            "aws s3 rb --force s3://\(thing.name.split(separator: ":").last.map(String.init) ?? "")"
        }
    }

    func checks(in place: CloudPlace, credentialsPath: String?) -> [ToolCheck] {
        [
            ToolCheck(
                title: "credentials",
                arguments: ["sts", "get-caller-identity", "--output", "json"]
                    + ["--region", place.region],
                hint: "give --credentials_path FILE, or log in: aws configure"),
            ToolCheck(
                title: "GPU quota in \(place.region)",
                arguments: AmazonQuota.query(region: place.region),
                hint: "ask for more in the console: Service Quotas, EC2",
                judge: AmazonQuota.judge),
        ]
    }

    func permissions(in place: CloudPlace, asking tool: CloudTool) async -> Verdict {
        await AmazonPermissions(tool: tool, region: place.region).verdict()
    }
}
