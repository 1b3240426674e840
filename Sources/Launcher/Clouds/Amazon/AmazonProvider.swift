import Shared

/// AWS.
struct AmazonProvider: CloudProvider {
    let name = "aws"
    /// The credentials name the account; the name only tells runs apart.
    let defaultProjectName: String? = "aws"
    let needsCredentials = false
    let scheme = "s3"
    let terraformFiles = [
        TerraformFile(name: "aws.tf", bytes: PackageResources.aws_tf),
        TerraformFile(name: "aws-machine.tf", bytes: PackageResources.aws_machine_tf),
        TerraformFile(name: "aws-network.tf", bytes: PackageResources.aws_network_tf),
        TerraformFile(name: "aws-switch.tf", bytes: PackageResources.aws_switch_tf),
    ]
    let storeResources = [
        "aws_s3_bucket.run", "aws_s3_bucket_public_access_block.run",
        "aws_s3_bucket_ownership_controls.run",
        "aws_s3_bucket_server_side_encryption_configuration.run", "aws_s3_bucket_policy.run",
    ]
    let machineResource = "aws_instance.run"
    let defaultZone = "us-east-1a"
    /// The provider looks for everything in one region: what is on a network of the last one would be
    /// forgotten. The network holds all that is not the buckets' region's.
    let regionalResource: String? = "aws_vpc.run"
    let startsPreemptedAgain = true

    func machineType(for request: MachineRequest) -> String { request.machineType ?? "g5.xlarge" }

    func region(of zone: String) -> String {
        zone.last?.isLetter == true ? String(zone.dropLast()) : zone
    }

    func dataset(_ text: String) throws -> StoreURL {
        try BucketArgument.parse(text, scheme: scheme)
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
        try checkFit(of: plan.machine)
        try checkPlace(of: plan.machine)
        if let path = plan.access.credentialsPath {
            try checkKey(path, project: plan.run.projectName)
        }
        let regions = Set(plan.machine.zones.map(region) + plan.machine.regions)
        guard regions.count <= 1 || plan.machine.image == nil else {
            throw Failure.usage(
                "--image: on AWS an image belongs to one region, and this run may go to "
                    + regions.sorted().joined(separator: " and "),
                hint: "leave --image out, or name zones of one region")
        }
    }

    func variables(of plan: Plan, _ name: StoreName) -> [String: JSONValue] {
        var variables: [String: JSONValue] = ["bucket_stem": .string(name.text)]
        if let bucket = plan.datasetBucket { variables["dataset_bucket"] = .string(bucket.bucket) }
        return variables
    }
}
