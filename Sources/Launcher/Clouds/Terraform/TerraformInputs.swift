import Shared

/// What the launcher writes into a run's folder for Terraform; see docs/clouds.md.
struct TerraformInputs: Sendable {
    let provider: any CloudProvider
    let plan: Plan
    let createdAt: Date
    /// nil where the machine goes without.
    var pip: PipWheel?

    static let variablesFile = "terraform.tfvars.json"

    /// - Returns: the job as it was written.
    /// - Throws: `Failure` if a file cannot be written.
    func write(
        to folder: RunFolder, archive: CodeArchive, publicKey: String?
    ) throws -> Job {
        try WholeCopy.copy(plan.agent.path, to: folder.path + "/" + AgentExecutable.name)
        guard let name = plan.storeName else {
            throw Failure("the plan of \(plan.run) has no name for the run's stores")
        }
        let code = provider.store("code", name)
        var secrets: String?
        if !plan.secrets.isEmpty {
            try plan.secretsDocument().write(to: folder.secrets)
            secrets = code.appending(fileName(of: folder.secrets)).description
        }
        var job = try plan.job(
            code: code.appending(fileName(of: folder.code)).description, archive: archive,
            secretsFile: secrets, directories: MachineLayout.directories, createdAt: createdAt)
        job.powerOff = provider.powerOff
        job.hardLimitSeconds = hardLimit
        if let pip {
            try WholeCopy.copy(pip.path, to: folder.path + "/" + fileName(of: pip.path))
            job.pip = Job.Wheel(
                source: code.appending(fileName(of: pip.path)).description, sha256: pip.sha256)
        }
        try AtomicFile.write(JSONFormat.encode(job), to: folder.job, mode: 0o600)
        try TerraformFiles.write(provider.terraformFiles, to: folder.path)
        try Self.write(variables(name, publicKey: publicKey), in: folder)
        return job
    }

    /// What no `train extend` passes, in seconds: where the cloud's own limit is fixed, that.
    private var hardLimit: Double? {
        guard let longest = plan.training.maxDuration.limit?.seconds.rounded(.down) else {
            return nil
        }
        let asked = plan.machine.hardLimit?.seconds.rounded(.down)
        return provider.fixesLimit ? max(longest, asked ?? longest) : asked
    }

    private func variables(_ name: StoreName, publicKey: String?) -> [String: JSONValue] {
        let machine = plan.machine
        let zone = machine.zones.first ?? provider.defaultZone
        var variables: [String: JSONValue] = [
            "run_slug": .string(plan.run.slug),
            "code_name": .string(plan.run.codeName),
            "dataset_name": .string(plan.run.datasetName),
            "zone": .string(zone),
            // Zones of another region must not move the buckets.
            "bucket_region": .string(provider.region(of: zone)),
            "machine_type": .string(provider.machineType(for: machine)),
            "spot": .bool(machine.spot != .never),
            "grant_dataset_access": .bool(machine.grantsDataset),
            // The machine's shell counts whole seconds alone.
            "max_duration_seconds": plan.training.maxDuration.limit.map {
                .number($0.seconds.rounded(.down))
            } ?? .null,
        ]
        if let hardLimit, plan.machine.hardLimit != nil {
            variables["hard_limit_seconds"] = .number(hardLimit)
        }
        if let prefix = plan.grantedPrefix { variables["dataset_prefix"] = .string(prefix) }
        if let path = plan.access.credentialsPath { variables["credentials_path"] = .string(path) }
        if let image = machine.image { variables["image"] = .string(image) }
        if let size = machine.diskSizeGb { variables["disk_size_gb"] = .integer(Int64(size)) }
        if let range = machine.sshCidr, range != AddressRange.none {
            variables["ssh_cidr"] = .string(range)
        }
        if let network = machine.network { variables["network"] = .string(network) }
        if let subnet = machine.subnet { variables["subnet"] = .string(subnet) }
        if let identity = machine.identity { variables["identity"] = .string(identity) }
        if machine.hasNoPublicIp { variables["public_address"] = .bool(false) }
        if let publicKey { variables["ssh_public_key"] = .string(publicKey) }
        return variables.merging(provider.variables(of: plan, name)) { $1 }
    }

    private static func write(_ variables: [String: JSONValue], in folder: RunFolder) throws {
        // Not `JSONFormat`, which converts keys to snake case: a user's label is a key too.
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try AtomicFile.write(
            encoder.encode(variables), to: folder.path + "/" + variablesFile, mode: 0o600)
    }

    /// Writes the variables of another computer, with this computer's key in place of its key.
    static func write(
        variables text: String, credentialsPath: String?, in folder: RunFolder
    ) throws {
        guard
            var variables = try? JSONDecoder().decode(
                [String: JSONValue].self, from: Data(text.utf8))
        else { throw Failure("the run's variables in the state bucket are not a JSON object") }
        variables["credentials_path"] = credentialsPath.map { .string($0) }
        try write(variables, in: folder)
    }

    /// Moves the machine to another zone; all else stays as it was written.
    static func setZone(_ zone: String, in folder: RunFolder) throws {
        try set("zone", to: .string(zone), in: folder)
    }

    /// Rents the machine as a spot machine, or on demand.
    static func setSpot(_ isSpot: Bool, in folder: RunFolder) throws {
        try set("spot", to: .bool(isSpot), in: folder)
    }

    /// Limits a machine that is made later by what is left of the run's time.
    ///
    /// - Parameter hardLimit: of a run that was started with one.
    static func setLimits(
        seconds: Double?, hardLimit: Double?, in folder: RunFolder
    ) throws {
        guard let seconds else { return }
        try set("max_duration_seconds", to: .number(seconds.rounded(.down)), in: folder)
        guard try variables(in: folder)["hard_limit_seconds"] != nil, let hardLimit else { return }
        try set("hard_limit_seconds", to: .number(hardLimit.rounded(.down)), in: folder)
    }

    /// The machine that the variables ask for.
    ///
    /// - Throws: `Failure` where there is none: another computer has started the run.
    static func machine(in folder: RunFolder) throws -> MachineRequest {
        let variables = try variables(in: folder)
        var machine = MachineRequest()
        if case .string(let zone)? = variables["zone"] { machine.zones = [zone] }
        if case .string(let type)? = variables["machine_type"] { machine.machineType = type }
        if variables["spot"] == .bool(true) { machine.spot = .always }
        return machine
    }

    private static func variables(in folder: RunFolder) throws -> [String: JSONValue] {
        let data = try readFile(folder.path + "/" + variablesFile)
        return try JSONDecoder().decode([String: JSONValue].self, from: data)
    }

    /// Gives Terraform another key of the user's.
    static func setCredentials(_ file: String, in folder: RunFolder) throws {
        // A start that was killed early has no variables yet, and creates nothing any more.
        guard exists(folder.path + "/" + variablesFile) else { return }
        try set("credentials_path", to: .string(file), in: folder)
    }

    private static func set(_ name: String, to value: JSONValue, in folder: RunFolder) throws {
        var variables = try variables(in: folder)
        variables[name] = value
        try write(variables, in: folder)
    }
}
