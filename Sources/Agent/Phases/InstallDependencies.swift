import Shared

/// Makes the virtual environment, then installs what the code asks for, then runs `install.sh`.
struct InstallDependencies: PhaseWork {
    let phase = Phase.dependencies

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let runner = context.host.runner
        let requirements = try Requirements(of: context.job.directories.code)
        for remark in requirements.remarks { context.board.warn(remark) }
        let maker = EnvironmentMaker(runner: runner, chosen: context.job.python)
        let found = try await MachinePython.describe(await maker.python(), runner: runner)
        let machine = try await maker.prepared(found)
        context.board.event(.note, phase: phase, machine.title)
        let digest = try fingerprint(requirements, machine)
        if let digest, isDone(digest, context) { return .skipped }

        let environment = context.environment
        try await maker.make(
            environment, from: machine, needsPip: !requirements.isEmpty,
            wheel: { try await wheel(context) })
        let packages = PackageInstaller(
            requirements: requirements, environment: environment, machine: machine,
            work: context.job.work)
        if let warning = try await packages.warning(runner, variables(context)) {
            context.board.warn(warning)
        }
        for step in try await packages.steps(runner) {
            try await perform(step.command, what: step.what, context)
        }
        let script = InstallScript(requirements: requirements, environment: environment)
        if requirements.hasScript {
            try await script.around { command in
                try await perform(command, what: Requirements.scriptName, context)
            }
        }
        let own = try await environment.described(runner)
        if let replaced = packages.replaced(own.torch) { context.board.warn(replaced) }
        try PythonPackage.install(
            below: context.job.work.python, sitePackages: own.sitePackages)
        if let digest { try AtomicFile.write(Data(digest.utf8), to: marker(context)) }
        return .succeeded
    }

    /// In bytes; pip's own has 2 MB.
    private static let largestWheel: Int64 = 64 << 20

    /// The wheel of pip that came with the job, checked; nil where none did.
    private func wheel(_ context: RunContext) async throws -> String? {
        guard let pip = context.job.pip else { return nil }
        let file = context.job.directories.work + "/" + fileName(of: pip.source)
        let (client, name) = try context.client(forObject: pip.source)
        try await context.retrying(phase) {
            try await client.download(object: name, to: file, limit: Self.largestWheel)
        }
        let found = try SHA256.hex(ofFile: file)
        guard found == pip.sha256 else {
            throw Failure(
                "pip's wheel is not the one that was sent",
                detail: "SHA-256 expected \(pip.sha256), found \(found)")
        }
        return file
    }

    private func marker(_ context: RunContext) -> String {
        context.environment.directory + "/complete"
    }

    /// A restarted agent need not install again what the same files asked for.
    private func isDone(_ digest: String, _ context: RunContext) -> Bool {
        guard let data = try? readFile(marker(context)) else { return false }
        return String(decoding: data, as: UTF8.self) == digest
    }

    /// Another Python in PATH, or another active environment, is another installation. Nil where each
    /// start has to install anew.
    private func fingerprint(
        _ requirements: Requirements, _ machine: MachinePython
    ) throws -> String? {
        let python = [machine.version, machine.executable, machine.prefix]
        return try RequirementsDigest.lines(of: requirements).map {
            (python + $0).joined(separator: "\n")
        }
    }

    private func variables(_ context: RunContext) -> [String: String?] {
        var variables = context.environment.variables
        for (name, value) in context.job.directories.variables { variables[name] = value }
        for (name, value) in context.trainerEnvironment { variables[name] = value }
        return variables
    }

    /// Runs one step with its output in `logs/setup.log`.
    ///
    /// - Throws: `Failure` with the step's last lines, so that nobody has to look for the log.
    private func perform(_ step: Command, what: String, _ context: RunContext) async throws {
        var command = step
        command.workingDirectory = context.job.directories.code
        command.output = .append(path: context.setupLog)
        command.errorOutput = .append(path: context.setupLog)
        command.environment.merge(variables(context)) { own, _ in own }
        context.board.event(.note, phase: phase, what)
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
