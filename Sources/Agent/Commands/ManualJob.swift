import Shared

/// The job of `train-agent run` by hand: the same code as with a launcher, other directories.
enum ManualJob {
    static let example = "train-agent run --code_path ./classifier --dataset_directory ./beer"

    /// - Parameter environment: of this process; `--env NAME` must be in it, and the trainer
    ///   inherits it from there, so that no secret stands in the job.
    /// - Throws: `Failure` with exit code 2 naming the flags that are missing or wrong.
    static func make(
        _ arguments: RunArguments, now: Date, environment: [String: String]
    ) throws -> Job {
        let (code, dataset) = try places(arguments)
        let output = StoreURL.absolutePath(arguments.outputDirectory ?? "output")
        let directories = Job.Directories(
            work: arguments.workDirectory.map(StoreURL.absolutePath)
                ?? defaultWorkDirectory(code: code, dataset: dataset, output: output),
            code: code, dataset: dataset, output: output,
            logs: StoreURL.absolutePath(arguments.logsDirectory ?? "logs"))
        var job = Job(
            run: try RunName(
                cloud: "local", projectName: "by-hand", codeName: RunName.part(ofPath: code),
                datasetName: RunName.part(ofPath: dataset)),
            code: .init(source: code, module: nil),
            dataset: dataset, output: try arguments.store.map(store), directories: directories,
            createdAt: now)
        try arguments.training.apply(to: &job)
        job.code.entry = try arguments.training.entry(in: code)
        _ = try Requirements(of: code)
        _ = try EnvironmentFlag.secrets(arguments.training.environment, from: environment)
        if arguments.powerOff { job.powerOff = ["systemctl", "poweroff"] }
        if let objection = job.objection {
            throw Failure.usage(
                objection,
                hint: "--output_directory, --logs_directory, --work_directory, --code_path and "
                    + "--dataset_directory must not hold each other")
        }
        return job
    }

    /// The two directories that must be there already.
    private static func places(
        _ arguments: RunArguments
    ) throws -> (code: String, dataset: String) {
        guard let code = arguments.codePath, let dataset = arguments.datasetDirectory else {
            let missing = [
                ("--code_path", arguments.codePath),
                ("--dataset_directory", arguments.datasetDirectory),
            ].filter { $0.1 == nil }.map(\.0)
            throw Failure.usage(
                missing.joined(separator: ", ") + (missing.count == 1 ? " is" : " are")
                    + " missing (or --job)",
                hint: "such as: \(example)")
        }
        for (flag, path) in [("--code_path", code), ("--dataset_directory", dataset)]
        where !isDirectory(path) {
            throw Failure.usage(
                "\(flag) \(quoted(path)) is \(exists(path) ? "a file" : "not there")",
                hint: "give the directory itself, such as: \(example)")
        }
        return (StoreURL.absolutePath(code), StoreURL.absolutePath(dataset))
    }

    private static func store(_ text: String) throws -> String {
        do {
            return try StoreURL(destination: text).description
        } catch var failure as Failure {
            failure.summary = "--store: \(failure.summary)"
            throw failure
        }
    }

    /// One for each code, dataset and output, so that calling again goes on where it broke off and
    /// two trainings of one code run side by side.
    private static func defaultWorkDirectory(
        code: String, dataset: String, output: String
    ) -> String {
        let places = [code, dataset, output].joined(separator: "\u{0}")
        return AgentDirectories.byHand + "/" + SHA256.hex(Array(places.utf8)).prefix(16)
    }
}
