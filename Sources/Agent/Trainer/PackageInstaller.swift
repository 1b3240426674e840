import Shared

/// The commands that install what a directory of code asks for, and what they do to PyTorch.
struct PackageInstaller {
    let requirements: Requirements
    let environment: VirtualEnvironment
    /// The Python that the environment is made from.
    let machine: MachinePython
    let work: WorkDirectory

    /// One command, and its name in events and failures.
    struct Step {
        var what: String
        var command: Command
    }

    /// What to run, in this order, in the code's directory.
    ///
    /// - Throws: `Failure` where `pyproject.toml` cannot be read.
    func steps(_ runner: any CommandRunner) async throws -> [Step] {
        switch requirements.source {
        case .nothing: return []
        case .file:
            let name = Requirements.fileName
            return [pip("pip install -r \(name)", ["-r", requirements.directory + "/" + name])]
        case .project(isPackage: true):
            return [pip("pip install -e .", ["-e", "."])]
        case .project(isPackage: false):
            guard let list = try await writeDependencies(runner) else { return [] }
            return [pip("pip install of pyproject.toml's dependencies", ["-r", list])]
        case .lock:
            return lockSteps()
        }
    }

    private func pip(_ what: String, _ arguments: [String]) -> Step {
        Step(
            what: what,
            command: Command(
                environment.python,
                [
                    "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
                    "--progress-bar", "off",
                ] + arguments))
    }

    /// uv reads its own file. Where the machine has none, pip brings it into the environment.
    private func lockSteps() -> [Step] {
        let isThere = isInstalled("uv")
        var sync = Command(
            isThere ? "uv" : environment.directory + "/bin/uv",
            [
                "sync", "--frozen", "--no-dev", "--inexact", "--no-progress", "--python",
                environment.python,
            ])
        sync.environment["UV_PROJECT_ENVIRONMENT"] = environment.directory
        let step = Step(what: "uv sync --frozen", command: sync)
        return isThere ? [step] : [pip("pip install uv", ["uv"]), step]
    }

    /// Writes what a project that is no package depends on as a list for pip.
    ///
    /// - Returns: nil where that is nothing.
    private func writeDependencies(_ runner: any CommandRunner) async throws -> String? {
        var command = Command(
            environment.python,
            ["-c", EnvironmentTools.readPyproject, requirements.directory + "/pyproject.toml"])
        command.environment = environment.variables
        let result = try await runner.run(command, timeout: .seconds(60))
        guard result.succeeded else {
            throw Failure("pyproject.toml cannot be read", detail: result.lastLines(3))
        }
        guard result.output.contains(where: { !$0.isWhitespace }) else { return nil }
        let path = work.path + "/pyproject-dependencies.txt"
        try AtomicFile.write(Data(result.output.utf8), to: path)
        return path
    }

    // MARK: PyTorch

    /// Says before anything is downloaded that the machine's PyTorch would be replaced.
    ///
    /// PyTorch is gigabytes large, and a build for another driver does not find the GPU. pip is
    /// asked only where a list names PyTorch, since its search for versions takes time.
    func warning(
        _ runner: any CommandRunner, _ variables: [String: String?]
    ) async throws -> String? {
        guard machine.torch != nil else { return nil }
        switch requirements.source {
        case .lock:
            return replaced(lockedTorch)
        case .file:
            guard try namesTorch() else { return nil }
            return replaced(try await plannedTorch(runner, variables))
        case .nothing, .project:
            return nil
        }
    }

    /// - Parameter version: of PyTorch once everything is installed; nil where nothing changes.
    func replaced(_ version: String?) -> String? {
        guard let old = machine.torch, let version, version != old else { return nil }
        let plain = old.prefix { $0 != "+" }
        return "\(requirements.title) replaces torch \(old) of this machine by \(version); "
            + "torch==\(plain) in it keeps the machine's"
    }

    /// For a remark alone: uv itself tells of a lock that it cannot read.
    private var lockedTorch: String? {
        guard let data = try? readRegularFile(requirements.directory + "/uv.lock", limit: 64 << 20)
        else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        let entry = /(?m)^name = "torch"\nversion = "([^"]+)"/
        return text.firstMatch(of: entry).map { String($0.1) }
    }

    /// Whether any of the lists names a package of PyTorch's family.
    private func namesTorch() throws -> Bool {
        try RequirementsDigest.texts(of: requirements).contains { text in
            text.split(whereSeparator: \.isNewline).contains { line in
                line.drop { $0.isWhitespace }.lowercased().hasPrefix("torch")
            }
        }
    }

    private struct Report: Decodable {
        struct Package: Decodable {
            struct Metadata: Decodable { var name: String, version: String }
            var metadata: Metadata
        }
        var install: [Package]
    }

    /// What pip would install (pip's "Installation Report", from pip 22.2 on); nil where it does not say.
    private func plannedTorch(
        _ runner: any CommandRunner, _ variables: [String: String?]
    ) async throws -> String? {
        let name = requirements.directory + "/" + Requirements.fileName
        var command = pip("", ["--dry-run", "--quiet", "--report", "-", "-r", name]).command
        command.workingDirectory = requirements.directory
        command.environment = variables
        let result = try await runner.run(command, timeout: .seconds(300))
        guard result.succeeded,
            let report = try? JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        else { return nil }
        return report.install.first { $0.metadata.name.lowercased() == "torch" }?.metadata.version
    }
}
