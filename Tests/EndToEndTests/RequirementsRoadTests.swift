import Shared
import TestSupport
import Testing

/// What the code asks to be installed, on machines as people have them.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(5)))
struct RequirementsRoadTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write("1,2\n", to: "data/beer.csv")
    }

    /// Writes a wheel: a package of that name whose `V` is its version.
    private func wheel(_ name: String, _ version: String, to folder: String) async throws {
        try makeDirectories(scratch.path + "/" + folder)
        let program = """
            import sys, zipfile
            path, name, version = sys.argv[1:]
            info = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(f"{path}/{name}-{version}-py3-none-any.whl", "w") as wheel:
                wheel.writestr(f"{name}/__init__.py", f"V = {version!r}\\n")
                wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
                wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                wheel.writestr(f"{info}/RECORD", f"{name}/__init__.py,,\\n{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")
            """
        let result = try await PosixRunner().run(
            Command("python3", ["-c", program, scratch.path + "/" + folder, name, version]))
        try #require(result.succeeded, "\(result.errorOutput)")
    }

    /// A virtual environment as people activate one; returns its package directory.
    private func activeEnvironment() async throws -> String {
        let made = try await PosixRunner().run(
            Command("python3", ["-m", "venv", "--without-pip", scratch.path + "/my env"]))
        try #require(made.succeeded, "\(made.errorOutput)")
        let libraries = try FileManager.default.contentsOfDirectory(
            atPath: scratch.path + "/my env/lib")
        let python = try #require(libraries.first { $0.hasPrefix("python") })
        return "my env/lib/\(python)/site-packages"
    }

    private func run(
        _ words: [String], isActive: Bool = false, environment: [String: String] = [:]
    ) async throws -> CommandResult {
        var command = Command(
            BuiltProducts.agent,
            [
                "run", "--code_path", scratch.path + "/code", "--dataset_directory",
                scratch.path + "/data", "--output_directory", scratch.path + "/output",
                "--logs_directory", scratch.path + "/logs",
            ] + words)
        command.environment = ["HOME": scratch.path, "XDG_STATE_HOME": nil]
        for (name, value) in environment { command.environment[name] = value }
        if isActive {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            command.environment["PATH"] = scratch.path + "/my env/bin:" + path
            command.environment["VIRTUAL_ENV"] = scratch.path + "/my env"
        }
        return try await PosixRunner().run(command)
    }

    private var log: String { scratch.read("logs/train.log") ?? "" }

    @Test func `the packages and programs of an active environment are the run's too`()
        async throws
    {
        let packages = try await activeEnvironment()
        try scratch.write("V = 'mine'\n", to: packages + "/torchlike/__init__.py")
        // A program whose package came with the machine, as torchrun's does.
        try scratch.write(
            "import sys\ndef main():\n    import newdep\n    print('launched', newdep.V, sys.argv[1:])\n",
            to: packages + "/launcher/__init__.py")
        let information = packages + "/launcher-1.0.dist-info"
        try scratch.write(
            "Metadata-Version: 2.1\nName: launcher\nVersion: 1.0\n", to: information + "/METADATA")
        try scratch.write(
            "[console_scripts]\nlaunchrun = launcher:main\n", to: information + "/entry_points.txt")
        // And one that is a plain script, as deepspeed's is.
        try scratch.write(
            "#!/nowhere/python\nimport newdep\nprint('plain', newdep.V)\n",
            to: "my env/bin/plainrun", mode: 0o755)
        try scratch.write(
            "launcher/__init__.py,,\n../../../bin/plainrun,,\n", to: information + "/RECORD")
        try await wheel("newdep", "1.0", to: "code/wheels")
        try scratch.write(
            "--no-index\n--find-links wheels\nnewdep\n", to: "code/requirements.txt")
        let line = "python -c 'import torchlike; print(torchlike.V)' && launchrun a b && plainrun"
        try #require(isInstalled("pip3") || isInstalled("pip"))
        let result = try await run(["--command", line], isActive: true)
        #expect(result.succeeded, "\(result.errorOutput) \(log)")
        #expect(log.contains("mine\nlaunched 1.0 ['a', 'b']\nplain 1.0"), "\(log)")
        #expect(
            result.errorOutput.contains(
                "with the packages of the active environment \(scratch.path)/my env"))
    }

    @Test func `what install sh exports reaches the trainer, in the second run too`() async throws {
        try scratch.write(
            """
            set -euo pipefail
            export PYTHONPATH=${PYTHONPATH:-}:$(pwd)/models/research
            export TOKEN="a b
            c" PATH=$PATH:/opt/mine
            ls "$AI_TRAINING_DATASET_DIRECTORY" > "$AI_TRAINING_OUTPUT_DIRECTORY/listed"
            ln -sfn "$AI_TRAINING_DATASET_DIRECTORY" "$AI_TRAINING_CODE_DIRECTORY/data"
            cd / && dirname "$0"
            exit 0

            """, to: "code/install.sh")
        try scratch.write("V = 1\n", to: "code/models/research/detection.py")
        try scratch.write(
            "import detection, os\nprint(os.environ['TOKEN'], os.environ['PATH'][-10:], os.listdir('data'))\n",
            to: "code/go.py")
        for _ in 0..<2 {
            unlink(scratch.path + "/logs/train.log")
            let result = try await run(["--module", "go"])
            #expect(result.succeeded, "\(result.errorOutput) \(log)")
            #expect(log == "a b\nc :/opt/mine ['beer.csv']\n")
        }
        #expect(scratch.read("output/listed") == "beer.csv\n")
        #expect(scratch.read("logs/setup.log") == scratch.path + "/code\n")
        let find = Command(
            "find", [scratch.path + "/.local", "-name", "exported.json", "-printf", "%m"])
        #expect(try await PosixRunner().output(of: find) == "600")
        let left = Command("find", [scratch.path + "/.local", "-name", "environment-*"])
        #expect(try await PosixRunner().output(of: left) == "")
    }

    @Test func `an included list that changed is installed by the next run`() async throws {
        try await wheel("onedep", "1.0", to: "code/wheels")
        try await wheel("twodep", "1.0", to: "code/wheels")
        try scratch.write(
            "--no-index\n--find-links wheels\n-r lists/base.txt\n", to: "code/requirements.txt")
        try scratch.write("onedep\n", to: "code/lists/base.txt")
        // A machine whose pip is set to install for the user, which an environment refuses.
        try scratch.write("[install]\nuser = true\n", to: ".config/pip/pip.conf")
        let first = try await run(["--command", "python -c 'import onedep'"])
        #expect(first.succeeded, "\(first.errorOutput) \(log)")
        try scratch.write("onedep\ntwodep\n", to: "code/lists/base.txt")
        let second = try await run(["--command", "python -c 'import onedep, twodep'"])
        #expect(second.succeeded, "\(second.errorOutput) \(log)")
        let third = try await run(["--command", "true"])
        #expect(third.errorOutput.contains("installing dependencies: skipped"))
    }

    @Test func `a project's own list of dependencies is installed`() async throws {
        try await wheel("onedep", "1.0", to: "wheels")
        try scratch.write(
            "[project]\nname = 'x'\nversion = '1'\ndependencies = [\n  'onedep',\n]\n",
            to: "code/pyproject.toml")
        let result = try await run(
            ["--command", "python -c 'import onedep'"],
            environment: ["PIP_NO_INDEX": "1", "PIP_FIND_LINKS": scratch.path + "/wheels"])
        #expect(result.succeeded, "\(result.errorOutput) \(log)")
    }

    @Test func `a list that would replace the machine's torch says so first`() async throws {
        let packages = try await activeEnvironment()
        try scratch.write("V = '2.0.0+cu118'\n", to: packages + "/torch/__init__.py")
        try scratch.write(
            "Metadata-Version: 2.1\nName: torch\nVersion: 2.0.0+cu118\n",
            to: packages + "/torch-2.0.0+cu118.dist-info/METADATA")
        try await wheel("torch", "2.1.0", to: "code/wheels")
        try scratch.write(
            "--no-index\n--find-links wheels\n-r base.txt\n", to: "code/requirements.txt")
        try scratch.write("torch>=2.1\n", to: "code/base.txt")
        let result = try await run(
            ["--command", "python -c 'import torch; print(torch.V)'"], isActive: true)
        #expect(result.succeeded, "\(result.errorOutput) \(log)")
        #expect(log == "2.1.0\n")
        let said = try #require(
            result.errorOutput.firstRange(
                of: "requirements.txt replaces torch 2.0.0+cu118 of this machine by 2.1.0"))
        let installed = try #require(
            result.errorOutput.firstRange(of: "pip install -r requirements.txt"))
        #expect(said.lowerBound < installed.lowerBound)
        // A list that the machine satisfies replaces nothing.
        try scratch.write("torch\n", to: "code/base.txt")
        let kept = try await run(
            ["--command", "python -c 'import torch; print(torch.V)'"], isActive: true)
        #expect(kept.succeeded)
        #expect(!kept.errorOutput.contains("replaces torch"))
    }

    @Test(arguments: ["my runs/work 1", "it's $HOME`x`", String(repeating: "long/", count: 40)])
    func `pip works below a work directory with an odd or long name`(work: String) async throws {
        try scratch.write("set -e\npip --version\npip3 --version\n", to: "code/install.sh")
        let result = try await run([
            "--command", "python -c 'import sys; print(sys.prefix)'", "--work_directory",
            scratch.path + "/" + work,
        ])
        #expect(result.succeeded, "\(result.errorOutput)")
        #expect(scratch.read("logs/setup.log")?.contains("pip 2") == true)
    }

    @Test func `a module that is missing is said to be in no list`() async throws {
        try scratch.write("", to: "code/network.py")
        let result = try await run(["--command", "python -c 'import no_such_beer.x'"])
        #expect(result.termination == .exited(1))
        #expect(
            result.errorOutput.contains(
                "hint: no_such_beer is in no requirements.txt; add the package that has it there"))
    }

    @Test func `what is not installed is said with the way on`() async throws {
        try scratch.write("name: x\n", to: "code/environment.yml")
        let result = try await run(["--command", "true"])
        #expect(result.succeeded)
        #expect(result.errorOutput.contains("environment.yml is not installed: list what pip can"))
    }
}
