import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// What each kind of image needs until its virtual environment is there.
@Suite struct EnvironmentMakerTests {
    private let scratch: Scratch
    private let environment: VirtualEnvironment

    init() throws {
        scratch = try Scratch()
        environment = VirtualEnvironment(directory: scratch.path + "/venv")
        try makeDirectories(scratch.path + "/venv/bin")
    }

    /// The modules that the machine's Python has, and whether `venv` can put a pip in.
    private final class Machine: Sendable {
        let modules: Mutex<Set<String>>
        init(_ modules: Set<String>) { self.modules = Mutex(modules) }

        /// As the real programs answer.
        func answer(_ command: Command) -> CommandResult? {
            let arguments = command.arguments
            let fails = CommandResult(termination: .exited(1), errorOutput: "No module named x")
            let done = CommandResult(termination: .exited(0))
            return modules.withLock { modules in
                if arguments == ["-c", EnvironmentTools.describePython] {
                    return CommandResult(
                        termination: .exited(0),
                        output: """
                            {"executable": "\(command.executable)", "version": "3.10.12",
                             "prefix": "/usr", "packages": [], "path_lines": [],
                             "site_packages": "/usr/lib", "torch": null,
                             "has_pip": \(modules.contains("pip")),
                             "has_ensurepip": \(modules.contains("ensurepip"))}
                            """)
                }
                if arguments == ["-c", EnvironmentTools.linkScripts] { return done }
                if arguments.first == "-c", let module = arguments.last?.split(separator: " ").last
                {
                    return modules.contains(String(module)) ? done : fails
                }
                if arguments.starts(with: ["-m", "venv"]) {
                    let withoutPip = arguments.contains("--without-pip")
                    return modules.contains("venv")
                        && (withoutPip || modules.contains("ensurepip")) ? done : fails
                }
                if command.executable == "apt-get" {
                    if arguments.contains("install") { modules.formUnion(["venv", "ensurepip"]) }
                    return done
                }
                return arguments.contains("install") ? done : nil
            }
        }
    }

    private func made(
        _ modules: Set<String>, needsPip: Bool = true, wheel: String? = "/w/pip-1-py3-none-any.whl",
        isRoot: Bool = true
    ) async throws -> [Command] {
        let machine = Machine(modules)
        let runner = ScriptedRunner { machine.answer($0) }
        var maker = EnvironmentMaker(runner: runner)
        maker.isRoot = isRoot
        maker.isInstalled = { _ in true }
        let found = try await MachinePython.describe("python3", runner: runner)
        try await maker.make(
            environment, from: maker.prepared(found), needsPip: needsPip, wheel: { wheel })
        return runner.commands.filter { $0.arguments.first != "-c" }
    }

    @Test func `the machine's own pip serves where there is one`() async throws {
        let commands = try await made(["venv", "pip", "ensurepip"])
        #expect(commands.count == 1)
        #expect(commands[0].arguments.contains("--without-pip"))
    }

    @Test func `without pip and ensurepip the wheel that came is put in`() async throws {
        let commands = try await made(["venv"])
        #expect(commands.map(\.executable) == ["python3", environment.python])
        #expect(commands[0].arguments.contains("--without-pip"))
        #expect(commands[1].arguments.first == "/w/pip-1-py3-none-any.whl/pip")
        #expect(commands[1].arguments.last == "/w/pip-1-py3-none-any.whl")
        #expect(commands[1].arguments.contains("--no-index"))
    }

    @Test func `where nothing is to be installed, no pip is asked for`() async throws {
        let commands = try await made(["venv"], needsPip: false, wheel: nil)
        #expect(commands.count == 1)
    }

    @Test func `apt is asked for venv alone, behind whoever holds its lock`() async throws {
        let commands = try await made([])
        #expect(
            commands.map(\.executable) == ["apt-get", "apt-get", "python3", environment.python])
        #expect(commands[1].arguments.last == "python3-venv")
        #expect(commands[1].arguments.contains("DPkg::Lock::Timeout=600"))
        #expect(commands[1].environment["DEBIAN_FRONTEND"] == "noninteractive")
    }

    @Test func `without a wheel Debian's package brings pip`() async throws {
        let commands = try await made(["venv"], wheel: nil)
        #expect(commands.map(\.executable) == ["apt-get", "apt-get", "python3"])
        #expect(commands.last?.arguments.contains("--without-pip") == false)
    }

    @Test func `who is not root is told what to install`() async throws {
        let failure = await #expect(throws: Failure.self) { _ = try await made([], isRoot: false) }
        #expect(failure?.hint?.contains("python3-venv") == true)
        await #expect(throws: Failure.self) {
            _ = try await made(["venv"], wheel: nil, isRoot: false)
        }
    }

    @Test func `a framework's own Python is taken where it has PyTorch`() async throws {
        let with = try scratch.write("", to: "pytorch/python3")
        let without = try scratch.write("", to: "conda/python3")
        let runner = ScriptedRunner { command in
            CommandResult(termination: .exited(command.executable == with ? 0 : 1))
        }
        var maker = EnvironmentMaker(runner: runner)
        maker.hasChosen = false
        #expect(await maker.python(among: [without, scratch.path + "/gone", with]) == with)
        #expect(runner.commands.map(\.executable) == ["python3", without, with])
        #expect(await maker.python(among: [without]) == "python3")
        // Who has activated an environment means that one.
        maker.hasChosen = true
        #expect(await maker.python(among: [with]) == "python3")
        maker.chosen = "/usr/bin/python3.11"
        #expect(await maker.python(among: [with]) == "/usr/bin/python3.11")
    }

    /// With this machine's Python, and a wheel that does what pip's does first.
    @Test(.enabled(if: isInstalled("python3")))
    func `a wheel runs as it lies`() async throws {
        let build = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1], "w") as wheel:
                wheel.writestr("pip/__init__.py", "")
                wheel.writestr("pip/__main__.py", "import pathlib, sys\\n"
                    "pathlib.Path(sys.prefix, 'ran').write_text(' '.join(sys.argv[1:]))\\n")
            """
        let wheel = scratch.path + "/pip-1.0-py3-none-any.whl"
        _ = try await PosixRunner().output(of: Command("python3", ["-c", build, wheel]))
        let runner = PosixRunner()
        var machine = try await MachinePython.describe("python3", runner: runner)
        machine.hasPip = false
        try await EnvironmentMaker(runner: runner).make(
            environment, from: machine, needsPip: true, wheel: { wheel })
        let ran = String(decoding: try readFile(environment.directory + "/ran"), as: UTF8.self)
        #expect(ran.hasPrefix("install "))
        #expect(ran.hasSuffix(wheel))
    }
}
