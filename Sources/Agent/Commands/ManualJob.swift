import Shared

/// The job of `train-agent run` by hand: the same code as with a launcher, other directories.
enum ManualJob {
    /// - Throws: `Failure` naming the flag that is missing or wrong.
    static func make(_ arguments: RunArguments, now: Date) throws -> Job {
        guard let codePath = arguments.codePath else {
            throw Failure.usage("--code_path is missing (or --job)")
        }
        guard let datasetPath = arguments.datasetDirectory else {
            throw Failure.usage("--dataset_directory is missing")
        }
        let code = StoreURL.absolutePath(codePath)
        let dataset = StoreURL.absolutePath(datasetPath)
        for (flag, path) in [("--code_path", code), ("--dataset_directory", dataset)] {
            guard isDirectory(path) else {
                throw Failure.usage("\(flag) \(quoted(path)) is not a directory")
            }
        }
        let run = try RunName(
            cloud: "local", projectName: "by-hand", codeName: name(of: code),
            datasetName: name(of: dataset))
        let directories = Job.Directories(
            work: arguments.workDirectory.map(StoreURL.absolutePath)
                ?? defaultWorkDirectory(code: code, dataset: dataset),
            code: code, dataset: dataset,
            output: StoreURL.absolutePath(arguments.outputDirectory ?? "output"),
            logs: StoreURL.absolutePath(arguments.logsDirectory ?? "logs"))
        var job = Job(
            run: run,
            code: .init(
                source: code, module: try arguments.module ?? TrainingModule.find(in: code),
                arguments: arguments.trainerArguments),
            dataset: dataset,
            output: try arguments.store.map { try StoreURL(parsing: $0).description },
            directories: directories, createdAt: now)
        job.sync.intervalSeconds = arguments.syncInterval
        job.graceSeconds = arguments.grace
        job.maxDurationSeconds = arguments.maxDuration?.seconds
        job.maxRestarts = arguments.maxRestarts
        job.environment = try EnvironmentFlag.variables(
            arguments.environment)
        if arguments.powerOff { job.powerOff = ["systemctl", "poweroff"] }
        return job
    }

    /// The last part of a path, made a legal name.
    private static func name(of path: String) -> String {
        let last = path.split(separator: "/").last ?? "root"
        let legal = last.map { character in
            character.isASCII
                && (character.isLetter || character.isNumber || "._-".contains(character))
                ? character : "-"
        }
        let trimmed = String(legal.drop { !$0.isLetter && !$0.isNumber }.prefix(60))
        return trimmed.isEmpty ? "unnamed" : trimmed
    }

    /// One for each pair of code and dataset, so that calling again goes on where it broke off.
    private static func defaultWorkDirectory(code: String, dataset: String) -> String {
        let key = SHA256.hex(Array("\(code)\u{0}\(dataset)".utf8)).prefix(16)
        return AgentDirectories.byHand + "/" + key
    }
}
