import Shared

/// Which files some process may write to right now: open for writing, or mapped so.
///
/// Read from /proc of every process we may look into: all of them for root, our own user's
/// otherwise. Where there is no /proc nothing is found, and two quiet scans alone decide.
struct OpenFiles: Sendable {
    /// One file, whatever it is called.
    struct Identity: Hashable, Sendable {
        var device: UInt64
        var inode: UInt64
    }

    private let proc: String

    init(proc: String = "/proc") { self.proc = proc }

    /// Those of `candidates` that a process can write to.
    func writable(among candidates: Set<Identity>) -> Set<Identity> {
        guard !candidates.isEmpty, let stream = opendir(proc) else { return [] }
        defer { closedir(stream) }
        var found = Set<Identity>()
        while let entry = readdir(stream) {
            guard let process = name(of: entry), process.utf8.allSatisfy({ 48...57 ~= $0 }) else {
                continue
            }
            addOpen(by: "\(proc)/\(process)", among: candidates, to: &found)
            if found.count < candidates.count {
                addMapped(by: "\(proc)/\(process)", among: candidates, to: &found)
            }
        }
        return found
    }

    private func addOpen(
        by process: String, among candidates: Set<Identity>, to found: inout Set<Identity>
    ) {
        // A process that ended meanwhile, or is another user's.
        guard let stream = opendir("\(process)/fd") else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            guard let number = name(of: entry), number != ".", number != ".." else { continue }
            var information = stat()
            guard stat("\(process)/fd/\(number)", &information) == 0 else { continue }
            let identity = Identity(
                device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
            guard candidates.contains(identity), !found.contains(identity),
                isForWriting("\(process)/fdinfo/\(number)")
            else { continue }
            found.insert(identity)
        }
    }

    /// The line `flags:` is octal, as open(2) got it.
    private func isForWriting(_ path: String) -> Bool {
        // Gone between two looks: closed, or the process ended; it may have written until then.
        guard let data = try? readFile(path) else { return true }
        for line in data.split(separator: UInt8(ascii: "\n"))
        where line.starts(with: "flags:".utf8) {
            let digits = line.dropFirst(6).filter { 48...55 ~= $0 }
            let flags = digits.reduce(0) { $0 &* 8 &+ Int32($1 - 48) }
            return flags & O_ACCMODE != O_RDONLY
        }
        return true
    }

    /// Shared writable mappings outlive the descriptor they were made of.
    private func addMapped(
        by process: String, among candidates: Set<Identity>, to found: inout Set<Identity>
    ) {
        guard let data = try? readFile("\(process)/maps", limit: 64 << 20) else { return }
        let inodes = Set(candidates.map(\.inode))
        for line in data.split(separator: UInt8(ascii: "\n")) {
            // start-end rw-s offset major:minor inode path
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count == 6, fields[1].count == 4, fields[1].last == UInt8(ascii: "s"),
                fields[1].dropFirst().first == UInt8(ascii: "w"),
                let inode = String(validating: fields[4], as: UTF8.self).flatMap({ UInt64($0) }),
                inodes.contains(inode),
                let path = String(
                    validating: fields[5].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
            else { continue }
            // By name, since some file systems show another device number here than stat does. In
            // a name, a line break shows as \012: such a file has no legal object name anyhow.
            var information = stat()
            guard stat(path, &information) == 0 else { continue }
            let identity = Identity(
                device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
            if candidates.contains(identity) { found.insert(identity) }
        }
    }

    private func name(of entry: UnsafeMutablePointer<dirent>) -> String? {
        withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 1) { String(validatingCString: $0) }
        }
    }
}
