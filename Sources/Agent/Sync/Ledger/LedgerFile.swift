import CPosix
import Shared

/// `index.tsv` in the state directory: what is in the bucket, so that a restarted agent goes on.
///
/// A journal of lines, each appended after the fact it tells of: its cost follows what changed. A
/// line that a crash left half-written is dropped with all after it; what is then not known to be
/// up goes up again. No path holds a tab or a line break, since no such object name is legal.
///
/// It keeps room for itself: on a disk that is full when the trainer dies, what was left half-written
/// must still be noted, or a restarted agent would take it for whole.
struct LedgerFile {
    enum Entry: Equatable {
        case uploaded(String, FileTable.Uploaded)
        /// No longer in the bucket.
        case deleted(String)
        /// To be deleted in the bucket as soon as the manifest no longer names it.
        case pendingDeletion(String)
        /// Deleted by `--keep_last`; this version is not to go up again.
        case superseded(String, FileVersion)
        /// Left half-written by a dead trainer; this version never counts as whole.
        case halfWritten(String, FileVersion)
        /// Written to, as this version, while we held a link of it: see `RewrittenLinks`.
        case rewritten(FileVersion)
        /// All before this line is told by the manifest of this generation, which may say `final`.
        case manifest(Int, final: Bool)
        /// The links to directories that the newest manifest tells of, by their digest.
        case links(String)
        /// Output and logs of earlier machines are here.
        case restored
    }

    private let path: String
    private var descriptor: Int32 = -1
    /// Up to here the disk has room for it.
    private var reservedEnd: Int64 = 0
    private static let reserve: Int64 = 1 << 20
    /// Lines in the file; decides when it is written anew.
    private(set) var lines = 0
    /// Something in it did not read, and what followed was dropped.
    private(set) var isDamaged = false
    /// It could not be written, and lacks what happened since.
    var isBehind = false

    init(path: String) { self.path = path }

    /// Reads all entries, in order; empty where there is no journal, or none that can be read: then
    /// everything is sent again.
    mutating func load() -> [Entry] {
        guard let data = try? readFile(path, limit: JSONFormat.maximumManifestBytes) else {
            return []
        }
        var entries: [Entry] = []
        var rest = data[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            guard let entry = Self.parse(rest[rest.startIndex..<end]) else { break }
            entries.append(entry)
            rest = rest[(end + 1)...]
        }
        lines = entries.count
        // What is appended would otherwise follow half a line.
        isDamaged = !rest.isEmpty
        return entries
    }

    /// Whether it is worth writing anew.
    func isMostlyHistory(ofFiles count: Int) -> Bool {
        isDamaged || (lines > 10_000 && lines > count * 2)
    }

    /// Appends these entries, or writes all anew where it is behind.
    ///
    /// - Parameter entries: gives all that is.
    /// - Returns: why it could not be written, once, until it can.
    mutating func record(_ new: [Entry], else entries: () -> [Entry]) -> Failure? {
        do {
            if isBehind { try rewrite(entries()) } else { try append(new) }
            isBehind = false
            return nil
        } catch {
            defer { isBehind = true }
            return isBehind ? nil : error as? Failure ?? Failure("\(error)")
        }
    }

    /// Appends and fsyncs.
    ///
    /// - Throws: `Failure` where it cannot be written.
    mutating func append(_ entries: [Entry]) throws {
        guard !entries.isEmpty else { return }
        try open()
        try AtomicFile.writeAll(Self.text(entries), to: descriptor, path: path)
        fsync(descriptor)
        lines += entries.count
        keepRoom()
    }

    private mutating func open() throws {
        guard descriptor < 0 else { return }
        descriptor = systemOpen(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
    }

    /// Where the disk is full already, or cannot reserve, it goes without.
    private mutating func keepRoom() {
        let end = Int64(lseek(descriptor, 0, SEEK_END))
        guard end + Self.reserve / 2 > reservedEnd else { return }
        if cposix_reserve(descriptor, off_t(end), off_t(Self.reserve)) == 0 {
            reservedEnd = end + Self.reserve
        }
    }

    /// Writes the journal anew with just these entries.
    mutating func rewrite(_ entries: [Entry]) throws {
        try AtomicFile.write(Self.text(entries), to: path, mode: 0o600)
        shut()
        lines = entries.count
        // The room of the old one went with it.
        try open()
        keepRoom()
    }

    mutating func shut() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        reservedEnd = 0
    }

    private static func text(_ entries: [Entry]) -> Data {
        var text = ""
        for entry in entries {
            switch entry {
            case .uploaded(let path, let up):
                text += "U\t\(fields(up.stamp))\t\(up.size)\t\(up.crc32c)\t"
                text += "\(up.md5?.description ?? "")\t\(path)\n"
            case .deleted(let path): text += "D\t\(path)\n"
            case .pendingDeletion(let path): text += "X\t\(path)\n"
            case .superseded(let path, let stamp): text += "R\t\(fields(stamp))\t\(path)\n"
            case .halfWritten(let path, let stamp): text += "H\t\(fields(stamp))\t\(path)\n"
            case .rewritten(let stamp): text += "W\t\(fields(stamp))\n"
            case .manifest(let generation, let final):
                text += "M\t\(generation)\t\(final ? "final" : "")\n"
            case .links(let digest): text += "L\t\(digest)\n"
            case .restored: text += "restored\n"
            }
        }
        return Data(text.utf8)
    }

    private static func fields(_ stamp: FileVersion) -> String {
        "\(stamp.size)\t\(stamp.mtime)\t\(stamp.ctime)\t\(stamp.inode)"
    }

    private static func parse(_ line: Data) -> Entry? {
        guard let text = String(validating: line, as: UTF8.self) else { return nil }
        let parts = text.split(separator: "\t", omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("U", 9):
            guard let stamp = stamp(parts[1...4]), let size = Int64(parts[5]),
                let crc32c = UInt32(parts[6])
            else { return nil }
            let md5 = MD5.Digest(hex: String(parts[7]))
            guard md5 != nil || parts[7].isEmpty else { return nil }
            return .uploaded(
                String(parts[8]),
                FileTable.Uploaded(stamp: stamp, size: size, crc32c: crc32c, md5: md5))
        case ("D", 2): return .deleted(String(parts[1]))
        case ("X", 2): return .pendingDeletion(String(parts[1]))
        case ("R", 6): return stamp(parts[1...4]).map { .superseded(String(parts[5]), $0) }
        case ("H", 6): return stamp(parts[1...4]).map { .halfWritten(String(parts[5]), $0) }
        case ("W", 5): return stamp(parts[1...4]).map { .rewritten($0) }
        case ("M", 3): return Int(parts[1]).map { .manifest($0, final: parts[2] == "final") }
        case ("L", 2): return .links(String(parts[1]))
        case ("restored", 1): return .restored
        default: return nil
        }
    }

    private static func stamp(_ parts: ArraySlice<Substring>) -> FileVersion? {
        let parts = Array(parts)
        guard let size = Int64(parts[0]), let mtime = Int64(parts[1]), let ctime = Int64(parts[2]),
            let inode = UInt64(parts[3])
        else { return nil }
        return FileVersion(size: size, mtime: mtime, ctime: ctime, inode: inode)
    }
}

extension FileTable {
    /// Notes what is up of a file, which is its version by all that is known until a scan sees it.
    mutating func setUp(_ index: Int, _ up: Uploaded) {
        var file = self[index]
        file.up = up
        if file.seen == 0 { file.current = up.stamp }
        self[index] = file
    }

    /// Notes a version that is not to go up, of a file that no scan has seen yet.
    ///
    /// - Parameter path: below the code directory.
    mutating func setCode(_ path: String, _ version: CodeBaseline.Version) {
        let index = index(of: "\(BucketLayout.stray)/\(path)")
        var file = self[index]
        // Up by a former machine, and not what is here: a restore replaces none of the code.
        let isOther = file.up.map { $0.stamp.size < 0 } ?? true
        guard isOther, file.seen == 0 else { return }
        file.current = FileVersion(
            size: version.size, mtime: version.mtime, ctime: 0, inode: version.inode)
        file.flags.insert(.superseded)
        self[index] = file
    }

    /// Takes what one entry tells of a file.
    mutating func apply(_ entry: LedgerFile.Entry) {
        switch entry {
        case .uploaded(let path, let up):
            let index = index(of: path)
            setUp(index, up)
            self[index].flags.subtract([.pendingDeletion, .superseded])
        case .deleted(let path):
            let index = index(of: path)
            self[index].up = nil
            self[index].flags.remove(.pendingDeletion)
        case .pendingDeletion(let path):
            self[index(of: path)].flags.insert(.pendingDeletion)
        case .superseded(let path, let version):
            let index = index(of: path)
            self[index].current = version
            self[index].flags.insert(.superseded)
        case .halfWritten, .rewritten, .manifest, .links, .restored: break
        }
    }

    /// What a journal must tell of all files.
    var entries: [LedgerFile.Entry] {
        indices.flatMap { index -> [LedgerFile.Entry] in
            let (file, path) = (self[index], path(index))
            return [
                file.up.map { .uploaded(path, $0) },
                file.flags.contains(.pendingDeletion) ? .pendingDeletion(path) : nil,
                file.flags.contains(.superseded) ? .superseded(path, file.current) : nil,
            ].compactMap { $0 }
        }
    }
}
