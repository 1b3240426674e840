import Shared

/// Google Cloud.
struct GoogleProvider: CloudProvider {
    var login = GoogleLogin.ofThisComputer()
    let name = "gcp"
    let defaultProjectName: String? = nil
    let needsCredentials = false
    let scheme = "gs"
    let terraformFiles = [TerraformFile(name: "gcp.tf", bytes: PackageResources.gcp_tf)]
    let storeResources = ["google_storage_bucket.run"]
    let machineResource = "google_compute_instance.run"
    let defaultZone = "us-central1-a"

    /// An n1 machine if a GPU is to be attached, else the smallest machine that has one.
    func machineType(for request: MachineRequest) -> String {
        request.machineType ?? (request.gpuType == nil ? "g2-standard-8" : "n1-standard-8")
    }

    func region(of zone: String) -> String {
        zone.split(separator: "-").dropLast().joined(separator: "-")
    }

    func dataset(_ text: String) throws -> StoreURL {
        try BucketArgument.parse(text, scheme: scheme)
    }

    func check(_ plan: Plan) throws {
        let type = machineType(for: plan.machine)
        guard plan.machine.gpuType == nil || type.hasPrefix("n1-") else {
            throw Failure.usage(
                "--gpu_type is for n1 machines, but --machine_type \(type) is not one",
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
        try checkFit(of: plan.machine)
        try checkPlace(of: plan.machine)
        if let path = plan.access.credentialsPath {
            try checkKey(path, project: plan.run.projectName)
        } else {
            _ = try login.source()
        }
    }

    func variables(of plan: Plan, _ name: StoreName) -> [String: JSONValue] {
        var variables: [String: JSONValue] = [
            "project": .string(plan.run.projectName), "bucket_stem": .string(name.text),
        ]
        if let bucket = plan.datasetBucket { variables["dataset_bucket"] = .string(bucket.bucket) }
        // gcp.tf attaches a GPU to n1 machines only.
        if let type = plan.machine.gpuType {
            variables["gpu_type"] = .string(type)
            variables["gpu_count"] = .integer(Int64(plan.machine.gpuCount ?? 1))
        }
        return variables
    }
}
