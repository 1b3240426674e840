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
            // It would send every `python` of ours elsewhere.
            "PYTHONHOME": String?.none,
        ]
    }

    /// The argv that makes it.
    ///
    /// - Parameter withPip: puts a pip of its own in, which takes seconds; not needed where the
    ///   machine's Python has one, which serves this environment too.
    func creation(python: String, withPip: Bool) -> Command {
        Command(
            python,
            ["-m", "venv", "--system-site-packages"] + (withPip ? [] : ["--without-pip"])
                + ["--clear", directory])
    }

    /// Makes `pip` in this environment mean this environment, with the machine's own pip.
    ///
    /// Without these, a `pip install` in install.sh would find the machine's script, whose first
    /// line names the machine's Python.
    func writePipScripts() throws {
        let script = """
            #!\(python)
            import sys
            from pip._internal.cli.main import main
            sys.exit(main())

            """
        for name in ["pip", "pip3"] {
            try AtomicFile.write(Data(script.utf8), to: "\(directory)/bin/\(name)", mode: 0o755)
        }
    }

    /// Where its packages lie.
    ///
    /// - Throws: `Failure` where the interpreter does not answer.
    func sitePackages(_ runner: any CommandRunner) async throws -> String {
        let query = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
        let output = try await runner.output(
            of: Command(python, ["-c", query]), timeout: .seconds(60))
        return output[...].trimmed
    }
}
