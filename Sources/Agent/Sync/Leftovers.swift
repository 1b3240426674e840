import Shared

/// Ends transfers that outlived the agent that started them.
///
/// After a SIGKILL of the agent alone its child goes on sending what was frozen then; it would
/// replace what we send meanwhile by something older. Under systemd the whole unit ends at once,
/// and there is nothing here to do.
enum Leftovers {
    /// Kills the groups of all processes that were started with a path below `directory`, which is
    /// private to us, and returns once they are gone.
    static func end(using directory: String, proc: String = "/proc") {
        let mark = Array("\(directory)/".utf8)
        for _ in 1...100 {
            let found = processes(mentioning: mark, proc: proc)
            if found.isEmpty { return }
            for pid in found where kill(-pid, SIGKILL) != 0 { kill(pid, SIGKILL) }
            usleep(20_000)
        }
    }

    private static func processes(mentioning mark: [UInt8], proc: String) -> [pid_t] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: proc) else {
            return []
        }
        return names.compactMap { pid_t($0) }.filter { pid in
            guard pid != getpid(), let line = try? readFile("\(proc)/\(pid)/cmdline") else {
                return false
            }
            return line.split(separator: 0).contains { $0.starts(with: mark) }
        }
    }
}
