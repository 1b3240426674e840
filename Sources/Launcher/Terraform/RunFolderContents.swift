import Shared

/// What the launcher writes into a run's folder for Terraform; see docs/clouds.md.
struct RunFolderContents: Sendable {
    let rented: any RentedCloud
    let plan: Plan
    let createdAt: Date

    /// Where things are on the machine: the dataset on the fast disk, all else on the boot disk,
    /// which a power-off keeps.
    static let directories = Job.Directories(
        work: "/var/lib/train/work", code: "/var/lib/train/code", dataset: "/mnt/train/dataset",
        output: "/var/lib/train/output", logs: "/var/lib/train/logs")

    static let variablesFile = "terraform.tfvars.json"

    /// - Returns: the job as it was written.
    func write(
        to folder: RunFolder, archive: CodeArchive, publicKey: String?
    ) throws -> Job {
        try WholeCopy.copy(plan.agent.path, to: folder.path + "/" + AgentExecutable.name)
        let stem = try rented.stem(ofOutput: plan.output)
        let code = rented.store("code", stem)
        var secrets: String?
        if !plan.secrets.isEmpty {
            let data = try JSONEncoder().encode(plan.secrets)
            try AtomicFile.write(data, to: folder.secrets, mode: 0o600)
            secrets = code.appending(fileName(of: folder.secrets)).description
        }
        var job = plan.job(
            code: code.appending(fileName(of: folder.code)).description, archive: archive,
            secretsFile: secrets, directories: Self.directories, createdAt: createdAt)
        job.powerOff = rented.powerOff
        try AtomicFile.write(JSONFormat.encode(job), to: folder.job, mode: 0o600)
        try TerraformFiles.write(for: rented.name, to: folder.path)
        try Self.write(variables(stem, publicKey: publicKey), in: folder)
        return job
    }

    private func variables(_ stem: StoreStem, publicKey: String?) -> [String: JSONValue] {
        let machine = plan.machine
        let zone = machine.zones.first ?? rented.defaultZone
        var variables: [String: JSONValue] = [
            "run_slug": .string(plan.run.slug),
            "code_name": .string(plan.run.codeName),
            "dataset_name": .string(plan.run.datasetName),
            "zone": .string(zone),
            // Zones of another region must not move the buckets.
            "bucket_region": .string(rented.region(of: zone)),
            "machine_type": .string(rented.machineType(for: machine)),
            "spot": .bool(machine.isSpot),
            "grant_dataset_access": .bool(machine.grantsDataset),
            "max_duration_seconds": plan.maxDuration.map { .number($0.seconds) } ?? .null,
        ]
        if let path = plan.access.credentialsPath { variables["credentials_path"] = .string(path) }
        if let image = machine.image { variables["image"] = .string(image) }
        if let size = machine.diskSizeGb { variables["disk_size_gb"] = .integer(Int64(size)) }
        if let range = machine.sshCidr { variables["ssh_cidr"] = .string(range) }
        if let publicKey { variables["ssh_public_key"] = .string(publicKey) }
        return variables.merging(rented.variables(of: plan, stem)) { $1 }
    }

    private static func write(_ variables: [String: JSONValue], in folder: RunFolder) throws {
        // Not our own encoder: it would turn the names of variables round.
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try AtomicFile.write(
            encoder.encode(variables), to: folder.path + "/" + variablesFile, mode: 0o600)
    }

    /// Writes what another computer gave Terraform, with this computer's key in place of its own.
    static func write(
        variables text: String, credentialsPath: String?, in folder: RunFolder
    ) throws {
        guard
            var variables = try? JSONDecoder().decode(
                [String: JSONValue].self, from: Data(text.utf8))
        else { throw Failure("the run's variables in the state bucket do not read") }
        variables["credentials_path"] = credentialsPath.map { .string($0) }
        try write(variables, in: folder)
    }

    /// Moves the machine to another zone; all else stays as it was written.
    static func setZone(_ zone: String, in folder: RunFolder) throws {
        try set("zone", to: zone, in: folder)
    }

    /// Gives Terraform another key of the user's.
    static func setCredentials(_ file: String, in folder: RunFolder) throws {
        // A start that was killed early has none yet, and makes nothing any more.
        guard exists(folder.path + "/" + variablesFile) else { return }
        try set("credentials_path", to: file, in: folder)
    }

    private static func set(_ name: String, to value: String, in folder: RunFolder) throws {
        let path = folder.path + "/" + variablesFile
        var variables = try JSONDecoder().decode([String: JSONValue].self, from: readFile(path))
        variables[name] = .string(value)
        try write(variables, in: folder)
    }
}
