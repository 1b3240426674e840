import Shared

/// Tells processes apart that had the same number at different times.
enum ProcessTable {
    /// When `pid` started, in clock ticks since the boot: field 22 of /proc/PID/stat (proc(5)).
    ///
    /// Nil where there is no such process, or no /proc.
    static func startTime(of pid: Int32) -> UInt64? {
        guard let data = try? readFile("/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        // The second field is the name in parentheses, which may itself hold spaces and ")".
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }

    static func identity(of pid: Int32) -> Journal.ProcessIdentity? {
        startTime(of: pid).map { Journal.ProcessIdentity(pid: pid, startTime: $0) }
    }

    static func isAlive(_ identity: Journal.ProcessIdentity) -> Bool {
        startTime(of: identity.pid) == identity.startTime
    }

    /// Ends the process group that a former agent left running, and waits until it is gone.
    ///
    /// The trainer must never run twice into one output directory.
    static func end(
        _ identity: Journal.ProcessIdentity, grace: Duration, clock: any Clock<Duration>
    ) async throws {
        guard isAlive(identity) else { return }
        kill(-identity.pid, SIGTERM)
        let steps = max(1, Int(grace.seconds * 10))
        for step in 0..<(steps + 100) where isAlive(identity) {
            if step == steps { kill(-identity.pid, SIGKILL) }
            try await clock.sleep(for: .milliseconds(100))
        }
        guard !isAlive(identity) else {
            throw Failure(
                "the trainer of a former agent (process \(identity.pid)) cannot be ended",
                hint: "restart the machine")
        }
        kill(-identity.pid, SIGKILL)
    }
}
