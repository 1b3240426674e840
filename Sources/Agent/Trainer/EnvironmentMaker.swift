import Shared

/// Makes the run's virtual environment on whatever image there is: with a framework's own Python, with
/// Python alone, or without the `venv` module.
///
/// Google's images have neither pip nor ensurepip, which Ubuntu keeps in a package of its own; there the
/// wheel that came with the job serves. apt is asked only for the `venv` module itself.
struct EnvironmentMaker: Sendable {
    let runner: any CommandRunner
    /// What the user named: a path on the machine, or a name in its PATH.
    var chosen: String?
    /// Whether packages of the distribution can be installed.
    var isRoot = geteuid() == 0
    var isInstalled: @Sendable (String) -> Bool = { Shared.isInstalled($0) }
    /// Whether somebody has chosen a Python: that of an active environment.
    var hasChosen = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .contains { ProcessInfo.processInfo.environment[$0] != nil }

    /// Where images with a framework keep the Python that has it: AWS' Deep Learning AMIs, and Google's
    /// older ones and Azure's, which have conda
    /// (docs.aws.amazon.com/dlami/latest/devguide/tutorial-pytorch.html).
    static let frameworks = ["/opt/pytorch/bin/python3", "/opt/conda/bin/python3"]

    /// The Python to make the environment of: a framework image's own where that has PyTorch, which
    /// saves a download of gigabytes, else the one in PATH. An active environment, or a Python in PATH
    /// that has PyTorch itself, goes before, and what the user named before all.
    func python(among frameworks: [String] = Self.frameworks) async -> String {
        if let chosen { return chosen }
        let look = "import importlib.util as u; raise SystemExit(u.find_spec('torch') is None)"
        let known = hasChosen ? [] : frameworks.filter { exists($0) }
        guard !known.isEmpty, await !runs("python3", look) else { return "python3" }
        for candidate in known {
            if await runs(candidate, look) { return candidate }
        }
        return "python3"
    }

    /// The same Python, once an environment can be made from it.
    ///
    /// - Throws: `Failure` where the module `venv` is missing and cannot be installed.
    func prepared(_ machine: MachinePython) async throws -> MachinePython {
        guard await !runs(machine.executable, "import venv") else { return machine }
        try await installPackage()
        return try await MachinePython.describe(machine.executable, runner: runner)
    }

    /// - Parameters:
    ///   - needsPip: whether anything will be installed into it.
    ///   - wheel: brings the wheel of pip that came with the job; nil where none did.
    /// - Throws: `Failure` where it cannot be made.
    func make(
        _ environment: VirtualEnvironment, from machine: MachinePython, needsPip: Bool,
        wheel: () async throws -> String?
    ) async throws {
        let lacksPip = needsPip && !machine.hasPip
        if lacksPip, let carried = try await wheel() {
            try await environment.make(from: machine, needsPip: false, runner: runner)
            return try await putIn(carried, environment)
        }
        var machine = machine
        if lacksPip, !machine.hasEnsurepip, canInstall {
            try await installPackage()
            machine = try await MachinePython.describe(machine.executable, runner: runner)
        }
        try await environment.make(from: machine, needsPip: needsPip, runner: runner)
    }

    /// A wheel is a zip archive, out of which Python runs pip, which then installs itself
    /// (pip.pypa.io/en/stable/installation, "Standalone zip application").
    private func putIn(_ wheel: String, _ environment: VirtualEnvironment) async throws {
        var command = Command(
            environment.python,
            [
                wheel + "/pip", "install", "--disable-pip-version-check", "--no-input",
                "--no-index", "--no-deps", wheel,
            ])
        command.environment = VirtualEnvironment.variables(python: environment.python)
        let result = try await runner.run(command, timeout: .seconds(300))
        guard result.succeeded else {
            throw Failure("pip cannot be put in", detail: result.lastLines(5))
        }
    }

    private var canInstall: Bool { isRoot && isInstalled("apt-get") }

    /// Installs Debian's and Ubuntu's package of `venv`, behind whoever holds apt's lock at first boot.
    private func installPackage() async throws {
        guard canInstall else {
            throw Failure(
                "Python's module venv is not installed",
                hint: "on Debian and Ubuntu: apt-get install python3-venv")
        }
        let wait = ["-o", "DPkg::Lock::Timeout=600"]
        for words in [
            ["update"], ["install", "--yes", "--no-install-recommends", "python3-venv"],
        ] {
            var command = Command("apt-get", wait + words)
            command.environment["DEBIAN_FRONTEND"] = "noninteractive"
            let result = try await runner.run(command, timeout: .seconds(1200))
            // A package index that is a little old is good enough.
            guard result.succeeded || words == ["update"] else {
                throw Failure(
                    "the package python3-venv cannot be installed", detail: result.lastLines(5),
                    hint: "take an image that has it: --image")
            }
        }
    }

    private func runs(_ python: String, _ program: String) async -> Bool {
        let result = try? await runner.run(Command(python, ["-c", program]), timeout: .seconds(60))
        return result?.succeeded == true
    }
}
