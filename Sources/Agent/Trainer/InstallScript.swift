import Shared

/// The user's `install.sh`, whose exported variables the trainer gets.
struct InstallScript {
    let requirements: Requirements
    let environment: VirtualEnvironment

    private var path: String { requirements.directory + "/" + Requirements.scriptName }
    private var before: String { environment.directory + "/environment-before" }
    private var after: String { environment.directory + "/environment-after" }

    /// What a shell sets by itself, and what is said anew at each start of the trainer.
    private static let ignored: Set<String> = ["_", "SHLVL", "PWD", "OLDPWD", "VIRTUAL_ENV"]

    /// Runs the script by `body`, and keeps what it exported.
    ///
    /// - Throws: what `body` throws; `Failure` where what it exported cannot be kept.
    func around(_ body: (Command) async throws -> Void) async throws {
        // Both hold secrets. A shell that writes into a file that is there leaves its mode as it is.
        for file in [before, after] { try AtomicFile.write(Data(), to: file, mode: 0o600) }
        defer { for file in [before, after] { unlink(file) } }
        try await body(command)
        let exported = try Self.variables(in: after).filter { name, value in
            !Self.ignored.contains(name) && !name.hasPrefix("AI_TRAINING_")
        }
        let known = try Self.variables(in: before)
        let changed = exported.filter { known[$0.key] != $0.value }
        try AtomicFile.write(
            JSONEncoder().encode(changed), to: Self.record(in: environment), mode: 0o600)
    }

    /// The script is read into a shell that tells its environment at its end, however that comes; `$0`
    /// is the script as if it had been started.
    private var command: Command {
        let text = """
            env -0 > \(shellQuoted(before))
            train_agent_tell() { env -0 > \(shellQuoted(after)); }
            trap train_agent_tell EXIT
            . \(shellQuoted(path))
            """
        return Command("bash", ["-c", text, path])
    }

    private static func variables(in file: String) throws -> [String: String] {
        var variables: [String: String] = [:]
        for entry in try readFile(file).split(separator: 0) {
            guard let text = String(validating: entry, as: UTF8.self),
                let equals = text.firstIndex(of: "=")
            else { continue }
            let name = text[..<equals]
            // A function of bash's own (`BASH_FUNC_x%%`) is no variable.
            guard name.allSatisfy({ $0.isASCII && ($0 == "_" || $0.isLetter || $0.isNumber) })
            else { continue }
            variables[String(name)] = String(text[text.index(after: equals)...])
        }
        return variables
    }

    private static func record(in environment: VirtualEnvironment) -> String {
        environment.directory + "/exported.json"
    }

    /// What the script of a finished installation exported.
    static func exported(in environment: VirtualEnvironment) -> [String: String] {
        guard let data = try? readFile(record(in: environment)) else { return [:] }
        return (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
    }
}
