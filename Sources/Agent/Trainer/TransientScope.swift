import Shared

/// A systemd scope of its own for keeper and trainer, on machines where systemd runs the agent.
///
/// The agent's unit has `KillMode=mixed`: when the agent dies, systemd kills whatever is left in its
/// cgroup. In a scope (systemd.scope(5)) the trainer is not there. `Before=` orders the shutdown:
/// units stop in the reverse order of their start, so the agent is told first, and the scope is
/// stopped only after the agent has ended.
enum TransientScope {
    static let agentUnit = "train-agent.service"

    /// The command that runs `command` in a scope; nil where systemd does not run this agent.
    ///
    /// `systemd-run --scope` becomes the command itself, with its environment and streams
    /// (systemd-run(1)).
    static func wrapped(
        _ command: Command, name: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Command? {
        // systemd.exec(5) sets INVOCATION_ID for all that a unit starts.
        guard environment["INVOCATION_ID"] != nil, geteuid() == 0,
            isDirectory("/run/systemd/system"), isInstalled("systemd-run")
        else { return nil }
        var scoped = command
        scoped.executable = "systemd-run"
        scoped.arguments =
            [
                "--scope", "--quiet", "--collect", "--unit=\(name)",
                "--property=Before=\(agentUnit)", "--property=TasksMax=infinity", "--",
                command.executable,
            ] + command.arguments
        return scoped
    }
}
