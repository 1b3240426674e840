/// How many bytes the processes of a group have read and written so far, disks and sockets alike.
enum GroupTraffic {
    /// From `/proc/PID/io` (Linux, proc(5)); 0 elsewhere and for a group that is gone.
    ///
    /// It shrinks when a process ends, since the kernel then forgets it.
    static func bytes(ofGroup group: Int32) -> Int64 {
        #if os(Linux)
            members(of: group).reduce(0) { $0 + bytes(ofProcess: $1) }
        #else
            0
        #endif
    }

    private static func members(of group: Int32) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { name in
            guard let pid = Int32(name) else { return false }
            return getpgid(pid) == group
        }
    }

    /// rchar and wchar: all that went through read(2), write(2) and their kin.
    private static func bytes(ofProcess pid: String) -> Int64 {
        guard let data = try? readFile("/proc/\(pid)/io"),
            let text = String(validating: data, as: UTF8.self)
        else { return 0 }
        return text.split(separator: "\n").prefix(2).reduce(0) { sum, line in
            sum + (line.split(separator: " ").last.flatMap { Int64($0) } ?? 0)
        }
    }
}
