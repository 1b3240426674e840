/// Processes that are known by an entry of their environment, which all that they start inherit.
package enum MarkedProcesses {
    /// Names the work directory in the environment of a trainer's keeper and of all below it.
    package static let trainer = "AI_TRAINING_KEEPER"

    /// Kills the groups of all processes with `name=value` in their environment, and returns once they
    /// are gone, after two seconds at most.
    ///
    /// Does nothing where there is no `/proc` (macOS).
    package static func end(_ name: String, _ value: String, proc: String = "/proc") {
        let entry = Array("\(name)=\(value)".utf8)
        for _ in 1...100 {
            let (found, isUnsure) = processes(with: entry, proc: proc)
            if found.isEmpty, !isUnsure { return }
            for pid in found where kill(-pid, SIGKILL) != 0 { kill(pid, SIGKILL) }
            usleep(20_000)
        }
    }

    /// Those with `name=value` in their environment now; none where there is no `/proc` (macOS).
    package static func pids(_ name: String, _ value: String) -> [pid_t] {
        processes(with: Array("\(name)=\(value)".utf8), proc: "/proc").found
    }

    /// - Returns: also whether one is just being started, and does not show its environment yet.
    private static func processes(
        with entry: [UInt8], proc: String
    ) -> (found: [pid_t], isUnsure: Bool) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: proc) else {
            return ([], false)
        }
        var found: [pid_t] = []
        var isUnsure = false
        for pid in names.compactMap({ pid_t($0) }) where pid != getpid() {
            guard let text = try? readFile("\(proc)/\(pid)/environ") else { continue }
            if text.isEmpty {
                isUnsure = isUnsure || isBeingStarted(pid, proc: proc)
            } else if text.split(separator: 0).contains(where: { $0.elementsEqual(entry) }) {
                found.append(pid)
            }
        }
        return (found, isUnsure)
    }

    /// execve(2) lets the parent go on before the new program's environment has its place: that is 0
    /// until then (field 50 of /proc/PID/stat, proc(5)). Threads of the kernel have no program.
    private static func isBeingStarted(_ pid: pid_t, proc: String) -> Bool {
        #if os(Linux)
            guard let fields = ProcessIdentity.statFields(of: pid), fields.count > 47,
                fields[0] != "Z", fields[0] != "X", fields[47] == "0"
            else { return false }
            return
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(proc)/\(pid)/exe"))
                != nil
        #else
            return false
        #endif
    }
}
