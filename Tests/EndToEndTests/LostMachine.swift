import Shared

/// What a power cut does to a machine that is a folder of this one: no process of it is left, and none
/// could say a word.
enum LostMachine {
    /// Kills agent, keeper, trainer and all their tools at once.
    ///
    /// - Parameter directory: named by the working directory or the environment of each of them, and by
    ///   no other process.
    static func cut(_ directory: String) {
        // Again, until none is left: one that was just being started escapes the first look.
        while true {
            let found = processes(of: directory)
            if found.isEmpty { return }
            for pid in found { kill(pid, SIGSTOP) }
            for pid in found { kill(pid, SIGKILL) }
            usleep(10_000)
        }
    }

    private static func processes(of directory: String) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            guard pid != getpid(), let fields = ProcessIdentity.statFields(of: pid),
                fields.first != "Z"
            else { return false }
            let place = realPath("/proc/\(pid)/cwd") ?? ""
            if place == directory || place.hasPrefix(directory + "/") { return true }
            let needle = Array((directory + "/").utf8)
            let environment = (try? readFile("/proc/\(pid)/environ")) ?? Data()
            return Array(environment).firstRange(of: needle) != nil
        }
    }
}
