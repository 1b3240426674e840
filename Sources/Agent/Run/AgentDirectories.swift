import Shared

/// Where the agents of this machine keep what is their own.
enum AgentDirectories {
    /// For runs by hand: below the XDG state directory (XDG Base Directory Specification).
    static var byHand: String {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? "/root"
        let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (state ?? home + "/.local/state") + "/train-agent"
    }

    /// The work directories of all runs that this machine may know, the rented machine's first.
    static func known(
        rented: String = MachineLayout.directories.work, byHand: String = byHand
    ) -> [WorkDirectory] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: byHand)) ?? []
        return ([rented] + names.sorted().map { byHand + "/" + $0 }).map { WorkDirectory($0) }
    }
}
