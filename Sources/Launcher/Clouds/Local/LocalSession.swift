import Shared

/// All processes of one local run: those in the agent's session, and the trainer's, which its keeper
/// holds in another one so that it outlives the agent.
struct LocalSession: Sendable {
    let leader: ProcessIdentity
    /// A directory that every process of the run names somewhere; it decides whether a process is the
    /// run's.
    let home: String

    /// SIGTERM to the agent, up to `grace` for it, then SIGKILL to all that is left.
    func end(grace: Duration, clock: any Clock<Duration>) async throws {
        if leader.isAlive {
            kill(leader.pid, SIGTERM)
            try await wait(atMost: grace, clock) { leader.isAlive }
        }
        if leader.isAlive { kill(leader.pid, SIGKILL) }
        for pid in members() { kill(pid, SIGKILL) }
        // A killed process may need a moment to close its files.
        try await wait(atMost: .seconds(5), clock) { leader.isAlive || !members().isEmpty }
    }

    private func wait(
        atMost limit: Duration, _ clock: any Clock<Duration>, _ condition: () -> Bool
    ) async throws {
        let step = Duration.milliseconds(50)
        var waited = Duration.zero
        while waited < limit, condition() {
            try await clock.sleep(for: step)
            waited += step
        }
    }

    #if os(Linux)
        /// Processes other than the leader that know of `home`: in its session by their environment,
        /// their arguments or their working directory, elsewhere by the keeper's mark.
        func members() -> [Int32] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.compactMap { Int32($0) }.filter { pid in
                // Fields 3 and 6 of /proc/PID/stat: the state and the session.
                guard pid != leader.pid, let fields = ProcessIdentity.statFields(of: pid),
                    fields.count > 3, fields[0] != "Z"
                else { return false }
                return fields[3] == "\(leader.pid)" ? knowsHome(pid) : isKept(pid)
            }
        }

        private func isKept(_ pid: Int32) -> Bool {
            let entry = Array("\(MarkedProcesses.trainer)=\(home)".utf8)
            let data = (try? readFile("/proc/\(pid)/environ")) ?? Data()
            return Array(data).split(separator: 0).contains { text in
                text.starts(with: entry)
                    && (text.count == entry.count
                        || text[text.startIndex + entry.count] == UInt8(ascii: "/"))
            }
        }

        private func knowsHome(_ pid: Int32) -> Bool {
            let needle = Array(home.utf8)
            for file in ["environ", "cmdline"] {
                let data = (try? readFile("/proc/\(pid)/\(file)")) ?? Data()
                if Array(data).firstRange(of: needle) != nil { return true }
            }
            guard let directory = realpath("/proc/\(pid)/cwd", nil) else { return false }
            defer { free(directory) }
            return String(cString: directory).hasPrefix(home)
        }
    #else
        func members() -> [Int32] {
            let count = proc_listallpids(nil, 0)
            var pids = [Int32](repeating: 0, count: Int(max(0, count)) + 64)
            let filled = proc_listallpids(&pids, Int32(pids.count * MemoryLayout<Int32>.size))
            return pids.prefix(Int(max(0, filled))).filter { pid in
                pid != leader.pid && pid > 0 && getsid(pid) == leader.pid
            }
        }
    #endif
}
