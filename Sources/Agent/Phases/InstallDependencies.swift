import Shared

/// Makes the virtual environment, then `requirements.txt`, then `install.sh`, in this order.
struct InstallDependencies: PhaseWork {
    let phase = Phase.dependencies

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let code = context.job.directories.code
        let requirements = code + "/requirements.txt"
        let script = code + "/install.sh"
        let hasRequirements = exists(requirements)
        let hasScript = exists(script)
        let digest = try await fingerprint([requirements, script].filter(exists), context)
        let environment = context.environment
        if isDone(digest, context) { return .skipped }

        try await makeEnvironment(needsPip: hasRequirements || hasScript, context)
        if hasRequirements {
            var pip = Command(
                environment.python,
                [
                    "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
                    "--progress-bar", "off", "-r", requirements,
                ])
            pip.workingDirectory = code
            try await perform(pip, what: "pip install -r requirements.txt", context)
        }
        if hasScript {
            var install = Command("bash", [script])
            install.workingDirectory = code
            try await perform(install, what: "install.sh", context)
        }
        try PythonPackage.install(
            below: context.job.directories.work + "/python",
            sitePackages: try await environment.sitePackages(context.host.runner))
        try AtomicFile.write(Data(digest.utf8), to: marker(context))
        return .succeeded
    }

    private func marker(_ context: RunContext) -> String {
        context.environment.directory + "/complete"
    }

    /// A restarted agent need not install again what the same files asked for.
    private func isDone(_ digest: String, _ context: RunContext) -> Bool {
        guard let data = try? readFile(marker(context)) else { return false }
        return String(decoding: data, as: UTF8.self) == digest
    }

    private func fingerprint(_ files: [String], _ context: RunContext) async throws -> String {
        let version = try await context.host.runner.run(
            Command("python3", ["--version"]), timeout: .seconds(60))
        guard version.succeeded else {
            throw Failure("python3 does not run", detail: version.lastLines(3))
        }
        return try ([version.output] + files.map { try SHA256.hex(ofFile: $0) })
            .joined(separator: "\n")
    }

    private func makeEnvironment(needsPip: Bool, _ context: RunContext) async throws {
        let runner = context.host.runner
        let query = try await runner.run(
            Command("python3", ["-c", "import pip"]), timeout: .seconds(60))
        let command = context.environment.creation(
            python: "python3", withPip: needsPip && !query.succeeded)
        let result = try await runner.run(command, timeout: .seconds(600))
        guard result.succeeded else {
            throw Failure(
                "the virtual environment cannot be made", detail: result.lastLines(5),
                hint: "on Debian and Ubuntu the package python3-venv brings what is missing")
        }
        if needsPip, query.succeeded { try context.environment.writePipScripts() }
    }

    /// Runs one step with its output in `logs/setup.log`.
    ///
    /// - Throws: `Failure` with the step's last lines, so that nobody has to look for the log.
    private func perform(_ step: Command, what: String, _ context: RunContext) async throws {
        var command = step
        command.output = .append(path: context.setupLog)
        command.errorOutput = .append(path: context.setupLog)
        command.environment = VirtualEnvironment.variables(python: context.environment.python)
        for (name, value) in context.trainerEnvironment { command.environment[name] = value }
        context.board.event(.phaseStarted, phase: phase, what)
        let result = try await context.host.runner.run(command)
        try Task.checkCancellation()
        guard result.succeeded else {
            let words =
                switch result.termination {
                case .exited(let status): "exit status \(status)"
                case .signalled(let signal): signalName(signal)
                }
            throw Failure(
                "\(what) failed (\(words)); see logs/\(BucketLayout.setupLog)",
                detail: LogTail.lastLines(15, of: context.setupLog))
        }
    }
}
