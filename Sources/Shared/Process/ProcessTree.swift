/// The processes below one, those in sessions of their own too (torchrun puts each worker into one).
///
/// Read from `/proc` (Linux, proc(5)). On macOS, which tells no parents there, it is always empty.
package enum ProcessTree {
    /// One process of a tree.
    package struct Member: Sendable, Equatable {
        package var pid: Int32
        /// The name that the kernel has for it, at most 15 characters.
        package var name: String
        /// Processor time so far, in clock ticks (100 a second on Linux).
        package var ticks: UInt64
    }

    /// All descendants of `root` that have not ended, without `root` itself.
    ///
    /// An orphan belongs to the tree as long as `root` is its subreaper, see prctl(2).
    package static func descendants(of root: Int32) -> [Member] {
        #if os(Linux)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            var members: [Int32: Member] = [:]
            var children: [Int32: [Int32]] = [:]
            for pid in names.compactMap({ Int32($0) }) {
                guard let (member, parent) = read(pid) else { continue }
                members[pid] = member
                children[parent, default: []].append(pid)
            }
            var found: [Member] = []
            var pending = children[root] ?? []
            while let pid = pending.popLast() {
                if let member = members[pid] { found.append(member) }
                pending += children[pid] ?? []
            }
            return found
        #else
            return []
        #endif
    }

    /// Sends a signal to every descendant of `root`.
    package static func signal(_ number: Int32, below root: Int32) {
        for member in descendants(of: root) { kill(member.pid, number) }
    }

    #if os(Linux)
        /// Nil for one that has ended: the kernel has given its children to the subreaper by then.
        private static func read(_ pid: Int32) -> (Member, parent: Int32)? {
            guard let data = try? readFile("/proc/\(pid)/stat") else { return nil }
            let text = String(decoding: data, as: UTF8.self)
            guard let begin = text.firstIndex(of: "("), let end = text.lastIndex(of: ")") else {
                return nil
            }
            let name = String(text[text.index(after: begin)..<end])
            // Field 3 of stat is the first here: parent 4, user time 14, system time 15.
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 12, fields[0] != "Z", fields[0] != "X",
                let parent = Int32(fields[1]), let user = UInt64(fields[11]),
                let system = UInt64(fields[12])
            else { return nil }
            return (Member(pid: pid, name: name, ticks: user &+ system), parent)
        }
    #endif
}
