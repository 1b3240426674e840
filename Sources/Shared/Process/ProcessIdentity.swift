/// One process for certain: its number alone may belong to another by tomorrow.
package struct ProcessIdentity: Codable, Sendable, Equatable {
    package var pid: Int32
    /// When it started, in the words of the system; only compared, never read.
    package var startedAt: String

    package init(pid: Int32, startedAt: String) {
        self.pid = pid
        self.startedAt = startedAt
    }

    /// nil if there is no such process; a zombie counts as dead.
    package init?(of pid: Int32) {
        guard let startedAt = Self.startTime(of: pid) else { return nil }
        self.init(pid: pid, startedAt: startedAt)
    }

    /// Whether that very process is still alive.
    package var isAlive: Bool { Self.startTime(of: pid) == startedAt }

    /// Whether it is alive and has not begun to exit: what is closed by now, it closed itself.
    ///
    /// The kernel marks a process before it closes its files (PF_EXITING, field 9 of
    /// /proc/PID/stat, proc(5)). On macOS the same as `isAlive`.
    package var isRunning: Bool {
        #if os(Linux)
            guard isAlive, let fields = Self.statFields(of: pid), fields.count > 6,
                let flags = UInt64(fields[6])
            else { return false }
            return flags & 0x4 == 0
        #else
            return isAlive
        #endif
    }

    /// Whether the machine has been up ever since that process started; true where the system does
    /// not tell (macOS).
    package var isOfThisBoot: Bool {
        #if os(Linux)
            guard let boot = Self.boot else { return true }
            return startedAt.hasPrefix("\(boot) ")
        #else
            return true
        #endif
    }

    #if os(Linux)
        private static var boot: String? {
            guard let data = try? readFile("/proc/sys/kernel/random/boot_id") else { return nil }
            return String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
        }

        /// The boot and the clock ticks since it (field 22 of /proc/PID/stat, proc(5)).
        private static func startTime(of pid: Int32) -> String? {
            guard let fields = statFields(of: pid), fields.count > 19, fields[0] != "Z",
                fields[0] != "X", let boot
            else { return nil }
            return "\(boot) \(fields[19])"
        }

        /// The fields of /proc/PID/stat from the third on; the second, the name in parentheses, may
        /// hold anything, so what counts begins behind the last one that closes.
        package static func statFields(of pid: Int32) -> [Substring]? {
            guard let data = try? readFile("/proc/\(pid)/stat") else { return nil }
            let text = String(decoding: data, as: UTF8.self)
            guard let end = text.lastIndex(of: ")") else { return nil }
            return text[text.index(after: end)...].split(separator: " ")
        }
    #else
        private static func startTime(of pid: Int32) -> String? {
            var information = kinfo_proc()
            var size = MemoryLayout<kinfo_proc>.stride
            var name: [Int32] = [CTL_KERN, KERN_PROC, KERN_PROC_PID, pid]
            guard sysctl(&name, 4, &information, &size, nil, 0) == 0, size > 0,
                information.kp_proc.p_stat != SZOMB
            else { return nil }
            let start = information.kp_proc.p_un.__p_starttime
            return "\(start.tv_sec).\(start.tv_usec)"
        }
    #endif
}
