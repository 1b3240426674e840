import Shared

/// The user's Python process as a command.
enum TrainerCommand {
    /// - Parameters:
    ///   - python: the interpreter of the run's virtual environment.
    ///   - environment: what the job and its secrets give.
    ///   - attempt: 1 for the first start of this run, restarts counted in.
    static func make(
        job: Job, python: String, environment: [String: String], attempt: Int
    ) -> Command {
        let directories = job.directories
        var command = Command(
            python,
            [
                "-m", job.code.module,
                "--dataset_directory", directories.dataset,
                "--output_directory", directories.output,
                "--logs_directory", directories.logs,
            ] + job.code.arguments)
        let log = directories.logs + "/" + BucketLayout.trainLog
        command.output = .append(path: log)
        command.errorOutput = .append(path: log)
        command.workingDirectory = directories.code
        command.environment = Self.environment(
            job: job, python: python, given: environment, attempt: attempt)
        return command
    }

    private static func environment(
        job: Job, python: String, given: [String: String], attempt: Int
    ) -> [String: String?] {
        var environment = VirtualEnvironment.variables(python: python)
        // Or the last lines before a crash would stay in a buffer.
        environment["PYTHONUNBUFFERED"] = "1"
        environment["AI_TRAINING_DATASET_DIRECTORY"] = job.directories.dataset
        environment["AI_TRAINING_OUTPUT_DIRECTORY"] = job.directories.output
        environment["AI_TRAINING_LOGS_DIRECTORY"] = job.directories.logs
        environment["AI_TRAINING_ATTEMPT"] = String(attempt)
        for (name, value) in given { environment[name] = value }
        return environment
    }
}
