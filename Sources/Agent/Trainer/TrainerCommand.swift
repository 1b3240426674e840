import Shared

/// The user's Python process as a command.
enum TrainerCommand {
    /// - Parameters:
    ///   - python: the interpreter of the run's virtual environment.
    ///   - exported: what install.sh gives.
    ///   - environment: what the job and its secrets give.
    ///   - attempt: 1 for the first start of this run, restarts counted in.
    ///   - isResumed: whether there is output of an earlier start to go on from.
    static func make(
        job: Job, python: String, exported: [String: String] = [:], environment: [String: String],
        attempt: Int, isResumed: Bool
    ) -> Command {
        let directories = job.directories
        var command =
            switch job.code.entry {
            case .command(let template):
                // The line is run as it stands: the user decides what it does and what its exit
                // status says.
                Command(
                    "bash",
                    [
                        "-c",
                        template.expanded(.init(directories: directories, isResumed: isResumed)),
                    ]
                )
            case .module, nil:
                Command(
                    python,
                    [
                        "-m", job.code.module ?? "",
                        "--dataset_directory", directories.dataset,
                        "--output_directory", directories.output,
                        "--logs_directory", directories.logs,
                    ] + job.code.arguments)
            }
        let log = directories.logs + "/" + BucketLayout.trainLog
        command.output = .append(path: log)
        command.errorOutput = .append(path: log)
        command.workingDirectory = directories.code
        command.environment = Self.environment(
            job: job, python: python, exported: exported, given: environment, attempt: attempt)
        return command
    }

    private static func environment(
        job: Job, python: String, exported: [String: String], given: [String: String], attempt: Int
    ) -> [String: String?] {
        var environment = VirtualEnvironment.variables(python: python)
        for (name, value) in exported { environment[name] = value }
        // Or the last lines before a crash would stay in a buffer.
        environment["PYTHONUNBUFFERED"] = "1"
        for (name, value) in job.directories.variables { environment[name] = value }
        environment["AI_TRAINING_ATTEMPT"] = String(attempt)
        if job.observe != false {
            environment["AI_TRAINING_OBSERVE"] = "1"
            environment["AI_TRAINING_OBSERVER_DIRECTORY"] = job.work.observer
        }
        for (name, value) in given { environment[name] = value }
        return environment
    }
}

extension Job.Directories {
    /// What the trainer and install.sh find in their environment.
    var variables: [String: String] {
        [
            "AI_TRAINING_DATASET_DIRECTORY": dataset, "AI_TRAINING_OUTPUT_DIRECTORY": output,
            "AI_TRAINING_LOGS_DIRECTORY": logs, "AI_TRAINING_CODE_DIRECTORY": code,
        ]
    }
}
