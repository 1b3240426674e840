import Shared

/// The run's own Python environment: the machine's packages, and over them what the user pins.
struct VirtualEnvironment: Sendable {
    /// Where it is made.
    let directory: String

    var python: String { directory + "/bin/python" }

    /// What a process in it needs; pip and install.sh get the same as the trainer.
    static func variables(python: String) -> [String: String?] {
        let bin = parentDirectory(python)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return [
            "VIRTUAL_ENV": parentDirectory(bin),
            "PATH": bin + ":" + path,
            // With it every `python` of this environment would use another standard library.
            "PYTHONHOME": String?.none,
            // Of the machine's configuration; pip refuses it in an environment.
            "PIP_USER": "0",
        ]
    }

    var variables: [String: String?] { Self.variables(python: python) }

    /// Makes it anew from a Python of the machine.
    ///
    /// - Parameter needsPip: whether anything will be installed into it.
    /// - Throws: `Failure` where it cannot be made, or where it needs pip and there is none.
    func make(from machine: MachinePython, needsPip: Bool, runner: any CommandRunner) async throws {
        guard !directory.contains(":") else {
            throw Failure(
                "the path \(quoted(directory)) has a colon, which PATH cannot hold",
                hint: "give another --work_directory, or set XDG_STATE_HOME")
        }
        guard !needsPip || machine.hasPip || machine.hasEnsurepip else {
            throw Failure(
                "something is to be installed, but \(machine.executable) has no pip",
                hint: "on Debian and Ubuntu: apt-get install python3-pip python3-venv")
        }
        // The machine's pip serves this environment too; one of its own takes seconds to put in.
        let withPip = needsPip && !machine.hasPip
        let command = Command(
            machine.executable,
            ["-m", "venv", "--system-site-packages"] + (withPip ? [] : ["--without-pip"])
                + ["--clear", directory])
        let result = try await runner.run(command, timeout: .seconds(600))
        guard result.succeeded else {
            throw Failure(
                "the virtual environment cannot be made", detail: result.lastLines(5),
                hint: "on Debian and Ubuntu the package python3-venv brings what is missing")
        }
        let own = try await described(runner)
        if !machine.pathLines.isEmpty {
            // `venv` leads to the Python below an active environment and not to its packages.
            let lines = machine.pathLines.map { $0 + "\n" }.joined()
            try AtomicFile.write(
                Data(lines.utf8), to: own.sitePackages + "/active_environment.pth")
        }
        try await linkScripts(runner)
    }

    /// This environment's own Python, once it is made.
    func described(_ runner: any CommandRunner) async throws -> MachinePython {
        try await .describe(python, runner: runner, environment: variables)
    }

    /// Makes the programs of the machine's packages, pip's among them, mean this environment.
    private func linkScripts(_ runner: any CommandRunner) async throws {
        var command = Command(python, ["-c", EnvironmentTools.linkScripts])
        command.environment = variables
        let result = try await runner.run(command, timeout: .seconds(120))
        guard result.succeeded else {
            throw Failure(
                "the programs of the machine's packages cannot be linked",
                detail: result.lastLines(3))
        }
    }
}
