import CPosix
import Shared

/// Whether some process may write to a file right now: has it open for writing, or mapped so.
///
/// The kernel refuses a read lease on a file while there is a writer, mappings included. Asking for
/// one is exact, whoever the writer is, and takes a few microseconds. Where there are no leases
/// (another user's file, some network file systems) `/proc` is read, for every process that this
/// one may look into. Where there is no `/proc` either, two scans that saw no change decide alone.
struct WriterDetector: Sendable {
    /// One file, whatever it is called.
    struct Identity: Hashable, Sendable {
        var device: UInt64
        var inode: UInt64

        init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }

        init(_ information: stat) {
            self.init(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
        }
    }

    private let proc: String
    private let usesLeases: Bool

    init(proc: String = "/proc", usesLeases: Bool = true) {
        self.proc = proc
        self.usesLeases = usesLeases
    }

    /// Of these files, given by their paths, those that a process can write to.
    ///
    /// A path that is another file by now is passed over: whoever freezes it will notice.
    func writable(among candidates: [Identity: String]) -> Set<Identity> {
        var found = Set<Identity>()
        var unknown = Set<Identity>()
        for (identity, path) in candidates {
            let descriptor = systemOpen(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var information = stat()
            guard fstat(descriptor, &information) == 0, Identity(information) == identity else {
                continue
            }
            switch leaseAnswer(descriptor) {
            case true?: found.insert(identity)
            case false?: break
            case nil: unknown.insert(identity)
            }
        }
        return found.union(seenInProc(unknown))
    }

    /// The same for a file that is open for reading.
    func isWritable(_ descriptor: Int32) -> Bool {
        if let answer = leaseAnswer(descriptor) { return answer }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return false }
        return !seenInProc([Identity(information)]).isEmpty
    }

    private func leaseAnswer(_ descriptor: Int32) -> Bool? {
        guard usesLeases else { return nil }
        let answer = cposix_has_writer(descriptor)
        return answer < 0 ? nil : answer == 1
    }

    private func seenInProc(_ candidates: Set<Identity>) -> Set<Identity> {
        guard !candidates.isEmpty,
            let processes = try? FileManager.default.contentsOfDirectory(atPath: proc)
        else { return [] }
        var found = Set<Identity>()
        for process in processes where process.utf8.allSatisfy({ 48...57 ~= $0 }) {
            addOpen(by: "\(proc)/\(process)", among: candidates, to: &found)
            addMapped(by: "\(proc)/\(process)", among: candidates, to: &found)
        }
        return found
    }

    private func addOpen(
        by process: String, among candidates: Set<Identity>, to found: inout Set<Identity>
    ) {
        // A process that ended meanwhile, or is another user's.
        guard let numbers = try? FileManager.default.contentsOfDirectory(atPath: "\(process)/fd")
        else { return }
        for number in numbers {
            var information = stat()
            guard stat("\(process)/fd/\(number)", &information) == 0 else { continue }
            let identity = Identity(information)
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
            if candidates.contains(Identity(information)) { found.insert(Identity(information)) }
        }
    }
}
