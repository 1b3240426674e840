import Shared

/// Ends transfers that outlived the agent that started them.
///
/// After a SIGKILL of the agent alone its child goes on sending what was frozen then; it would
/// replace what we send meanwhile by something older. Under systemd the whole unit ends at once,
/// and there is nothing here to do.
enum Leftovers {
    /// In the environment of every transfer, and so of all that a tool starts in its turn: the state
    /// directory of the engine that it works for.
    static let mark = "AI_TRAINING_SYNC"

    /// Kills the groups of all processes that work for the engine of `stateDirectory`, and returns
    /// once they are gone.
    static func end(of stateDirectory: String, proc: String = "/proc") {
        let entry = Array("\(mark)=\(stateDirectory)".utf8)
        for _ in 1...100 {
            let found = processes(with: entry, proc: proc)
            if found.isEmpty { return }
            for pid in found where kill(-pid, SIGKILL) != 0 { kill(pid, SIGKILL) }
            usleep(20_000)
        }
    }

    private static func processes(with entry: [UInt8], proc: String) -> [pid_t] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: proc) else {
            return []
        }
        return names.compactMap { pid_t($0) }.filter { pid in
            guard pid != getpid(), let text = try? readFile("\(proc)/\(pid)/environ") else {
                return false
            }
            return text.split(separator: 0).contains { $0.elementsEqual(entry) }
        }
    }
}
