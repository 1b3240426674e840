/// How many bytes processes have read and written so far, disks and sockets alike.
///
/// From `/proc/PID/io` (Linux, proc(5)); 0 elsewhere, and for a process that is gone. What goes through
/// recv(2) and send(2) alone is not counted there.
package enum ProcessTraffic {
    /// Of all members of a group. It shrinks when a process ends, since the kernel then forgets it.
    static func bytes(ofGroup group: Int32) -> Int64 {
        #if os(Linux)
            members(of: group).reduce(0) { $0 &+ bytes(of: $1) }
        #else
            0
        #endif
    }

    private static func members(of group: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { getpgid($0) == group }
    }

    /// rchar and wchar: all that went through read(2), write(2) and their kin.
    package static func bytes(of pid: Int32) -> Int64 {
        guard let data = try? readFile("/proc/\(pid)/io"),
            let text = String(validating: data, as: UTF8.self)
        else { return 0 }
        return text.split(separator: "\n").prefix(2).reduce(0) { sum, line in
            sum &+ (line.split(separator: " ").last.flatMap { Int64($0) } ?? 0)
        }
    }
}
