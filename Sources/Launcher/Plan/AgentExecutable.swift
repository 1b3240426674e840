import Shared

/// The agent's executable on the laptop, checked before it is sent anywhere.
struct AgentExecutable: Sendable, Equatable {
    let path: String

    static let name = "train-agent"
    private static let howToBuild =
        "build the right one with: swift build -c release --product train-agent"

    /// Takes the one beside the launcher, or the one that the user names.
    ///
    /// - Throws: `Failure` where it is not there, not static, or for another machine.
    static func find(given: String?, beside directory: String, for target: AgentTarget) throws
        -> AgentExecutable
    {
        let path = StoreURL.absolutePath(given ?? directory + "/" + name)
        let flag = given == nil ? "" : "--agent_path: "
        guard exists(path), !isDirectory(path) else {
            throw Failure(
                "\(flag)there is no agent at \(quoted(path))",
                hint: "\(howToBuild); or say where it is: --agent_path FILE")
        }
        guard access(path, X_OK) == 0 else {
            throw Failure("\(flag)\(quoted(path)) is not executable", hint: "chmod +x \(path)")
        }
        if let problem = try ExecutableFormat.read(path).problem(on: target) {
            throw Failure("\(flag)the agent \(quoted(path)) \(problem)", hint: howToBuild)
        }
        return AgentExecutable(path: path)
    }
}

/// The machine that an agent has to run on.
struct AgentTarget: Sendable, Equatable {
    enum System: Sendable { case linux, macOS }
    var system: System
    /// As uname(1) calls it: `x86_64`, `aarch64` (or macOS' `arm64`).
    var processor: String

    /// This very machine, for the local cloud.
    static func thisMachine() -> AgentTarget {
        var names = utsname()
        uname(&names)
        let processor = withUnsafeBytes(of: &names.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        #if os(macOS)
            return AgentTarget(system: .macOS, processor: processor)
        #else
            return AgentTarget(system: .linux, processor: processor)
        #endif
    }
}
