import Shared

/// Where an agent keeps what is its own.
enum AgentDirectories {
    /// On a VM of the launcher's.
    static let machine = "/var/lib/train"

    /// For runs by hand: below the XDG state directory (XDG Base Directory Specification).
    static var byHand: String {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? "/root"
        let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (state ?? home + "/.local/state") + "/train-agent"
    }
}
