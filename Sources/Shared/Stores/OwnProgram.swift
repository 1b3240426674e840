/// Where the executable is that answers to `file-store`.
package enum OwnProgram {
    private static let names = ["train", "train-agent"]

    /// This program; where it is neither of the two, as under `swift test`, the agent beside it.
    package static func path() -> String {
        let own = executablePath()
        guard !names.contains(where: { own.hasSuffix("/" + $0) }) else { return own }
        let beside = parentDirectory(own) + "/train-agent"
        return access(beside, X_OK) == 0 ? beside : own
    }

    private static func executablePath() -> String {
        #if os(Linux)
            // Read before, the link would name a file that an update has replaced since: then the
            // link itself still starts what runs now.
            guard let path = realPath("/proc/self/exe"), access(path, X_OK) == 0 else {
                return "/proc/self/exe"
            }
            return path
        #else
            let first = ProcessInfo.processInfo.arguments.first ?? ""
            return realPath(first) ?? first
        #endif
    }
}
