import Shared

/// The way to the machine that a run trains on.
protocol MachineConnection: Sendable {
    /// Opens a shell there on this terminal, or runs `words`; returns the exit status.
    func shell(_ words: [String]) async throws -> Int32
    /// Whether a network lies between.
    var isRemote: Bool { get }
    /// Returns where the machine answers.
    func probe() async throws
    /// The bytes of `range` of a file there, fewer where it ends earlier; none where there is no file.
    ///
    /// - Throws: `Failure` where the machine does not answer.
    func read(_ file: String, _ range: Range<Int64>) async throws -> Data
    /// The size of a file there in bytes; 0 if there is none.
    ///
    /// - Throws: `Failure` where the machine does not answer.
    func size(of file: String) async throws -> Int64
    /// The regular files below a directory there; none where there is no such directory.
    ///
    /// - Throws: `Failure` where the machine does not answer.
    func list(_ directory: String) async throws -> [ListedFile]
    /// What a short command there prints.
    ///
    /// - Throws: `Failure` where the machine does not answer, or the command fails.
    func output(of words: [String]) async throws -> String
    /// Asks the agent there to end the training, sync and stop; returns at once.
    func stopAgent() async throws
    /// Hands a request to the agent there.
    ///
    /// - Throws: `Failure` where it does not arrive.
    func deliver(_ request: ControlRequest) async throws
    /// The last bytes of a file of the run, by its name in the bucket such as `logs/knobs.json`.
    ///
    /// - Returns: nil where there is no such file.
    func contents(of name: String, last limit: Int) async throws -> Data?
}

extension MachineConnection {
    /// Runs a command that takes over this terminal until it ends.
    func attached(_ command: Command, _ runner: any CommandRunner) async throws -> Int32 {
        var command = command
        command.group = .inherited
        (command.input, command.output, command.errorOutput) = (.inherit, .inherit, .inherit)
        switch try await runner.start(command).wait().termination {
        case .exited(let status): return status
        case .signalled(let signal): return ExitCode.signalled(signal)
        }
    }
}

/// To this computer, where a local run trains in a directory of its own.
struct LocalConnection: MachineConnection {
    /// The agent's process; nil before it was started.
    let agent: ProcessIdentity?
    /// What stands for the machine: output, logs, code and dataset are below it.
    let directory: String
    let environment: [String: String]
    let runner: any CommandRunner

    var isRemote: Bool { false }
    func probe() async throws {}

    func read(_ file: String, _ range: Range<Int64>) async throws -> Data {
        try FileRange.read(range, of: file) ?? Data()
    }

    func size(of file: String) async throws -> Int64 { try FileRange.size(of: file) }

    func list(_ directory: String) async throws -> [ListedFile] {
        try ListedFile.all(below: directory)
    }

    func output(of words: [String]) async throws -> String {
        try await runner.output(
            of: Command(words[0], Array(words.dropFirst())), timeout: .seconds(20))
    }

    func shell(_ words: [String]) async throws -> Int32 {
        let argv = words.isEmpty ? [environment["SHELL"] ?? "/bin/sh"] : words
        var command = Command(argv[0], Array(argv.dropFirst()))
        command.workingDirectory = directory
        return try await attached(command, runner)
    }

    func stopAgent() async throws {
        // The agent alone: it knows how to end its trainer.
        if let agent, agent.isAlive { kill(agent.pid, SIGTERM) }
    }

    func deliver(_ request: ControlRequest) async throws {
        guard let agent, agent.isAlive else { throw Failure("the run's agent is not alive") }
        let control = WorkDirectory(below: directory).control
        try makeDirectories(control, mode: 0o700)
        try AtomicFile.write(JSONFormat.encode(request), to: "\(control)/\(request.id).json")
    }

    func contents(of name: String, last limit: Int) async throws -> Data? {
        let isOfRun = name.hasPrefix("\(BucketLayout.run)/")
        let root = isOfRun ? WorkDirectory(below: directory).path : directory
        let path = "\(root)/\(name)"
        guard exists(path) else { return nil }
        return Data(try readRegularFile(path, limit: 256 << 20).suffix(limit))
    }
}
