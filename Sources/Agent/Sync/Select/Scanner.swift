import CPosix
import Shared

/// Walks `output/` and `logs/` once and marks in a table what it sees.
///
/// Files that vanish, are renamed or replaced during the walk are normal: what fstatat(2) said of
/// each name when it was looked at counts. Nothing is allocated for a file that was there before.
struct Scanner {
    /// A directory and how its objects begin.
    struct Root: Sendable {
        var prefix: String
        var directory: String
        /// Directories that may lie in this one and are not part of it.
        var avoids: [String] = []

        var isStray: Bool { prefix == BucketLayout.stray }
    }

    let roots: [Root]
    private let patterns: PathPatterns
    /// Directories that are never entered: the other root inside this one, our own staging.
    let foreign: [String]
    /// Directories below directories, each of which holds one descriptor open.
    static let mostDepth = 128

    init(roots: [Root], patterns: PathPatterns, foreign: [String]) {
        self.roots = roots
        self.patterns = patterns
        self.foreign = foreign
    }

    /// Marks every file seen with `number`; gives the indexes of those that are not up as they are.
    func scan(_ table: inout FileTable, number: UInt32) -> (pending: [Int], report: Report) {
        var walk = Walk(number: number, patterns: patterns)
        for root in roots {
            let others =
                root.avoids + foreign + roots.map(\.directory).filter { $0 != root.directory }
            walk.walk(root, avoiding: others, table: &table)
        }
        walk.report.links.sort { $0.path < $1.path }
        return (walk.pending, walk.report)
    }
}

/// The state of one walk.
private struct Walk {
    let number: UInt32
    let patterns: PathPatterns
    var pending: [Int] = []
    var report = Scanner.Report()
    private var path: [UInt8] = []
    private var realRoot = ""
    private var isStray = false
    private var avoided: [(device: UInt64, inode: UInt64)] = []

    init(number: UInt32, patterns: PathPatterns) {
        self.number = number
        self.patterns = patterns
    }

    mutating func walk(_ root: Scanner.Root, avoiding: [String], table: inout FileTable) {
        let descriptor = open(root.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, let real = realPath(root.directory) else {
            // A code directory that was removed holds no files.
            if root.isStray, errno == ENOENT { return }
            report.unread.append("\(quoted(root.directory)): \(errorText())")
            if descriptor >= 0 { close(descriptor) }
            return
        }
        realRoot = real
        isStray = root.isStray
        avoided = avoiding.compactMap { directory in
            var information = stat()
            guard stat(directory, &information) == 0 else { return nil }
            return (UInt64(information.st_dev), UInt64(information.st_ino))
        }
        path = Array("\(root.prefix)/".utf8)
        let seed = path.withUnsafeBytes { FileTable.hash($0) }
        enter(descriptor, seed: seed, depth: 0, table: &table)
    }

    /// Reads the directory open at `descriptor`, which is closed, whose path with its slash is `path`.
    private mutating func enter(
        _ descriptor: Int32, seed: UInt64, depth: Int, table: inout FileTable
    ) {
        guard let stream = fdopendir(descriptor) else {
            noteUnreadable()
            close(descriptor)
            return
        }
        defer { closedir(stream) }
        let length = path.count
        var isEmpty = true
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { noteUnreadable() }
                if isEmpty, depth > 0 { noteEmpty() }
                return
            }
            let name = nameBytes(of: entry)
            if isDots(name) { continue }
            isEmpty = false
            path.append(contentsOf: name)
            defer { path.removeLast(path.count - length) }
            if isStray, isByproduct(name) { continue }
            visit(entry, name, in: descriptor, seed: seed, depth: depth, table: &table)
        }
    }

    /// Notes the directory at `path`, which ends in a slash.
    private mutating func noteEmpty() {
        guard report.emptyDirectories.count < 10_000, Self.objection(to: path + [0x78]) == nil
        else { return }
        report.emptyDirectories.append(String(decoding: path.dropLast(), as: UTF8.self))
    }

    private func isByproduct(_ name: UnsafeRawBufferPointer) -> Bool {
        CodeByproducts.names.contains(String(decoding: name, as: UTF8.self))
    }

    private mutating func visit(
        _ entry: UnsafeMutablePointer<dirent>, _ name: UnsafeRawBufferPointer,
        in directory: Int32, seed: UInt64, depth: Int, table: inout FileTable
    ) {
        guard let pointer = name.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
        if entry.pointee.d_type == UInt8(DT_DIR) {
            return descend(pointer, name, in: directory, seed: seed, depth: depth, table: &table)
        }
        var information = stat()
        guard fstatat(directory, pointer, &information, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        var isLink = false
        if information.st_mode & S_IFMT == S_IFLNK {
            isLink = true
            if let objection = resolveLink(pointer, in: directory, &information) {
                return exclude(name, seed: seed, because: objection, table: &table)
            }
        }
        switch information.st_mode & S_IFMT {
        case S_IFREG:
            record(
                information, name, in: directory, seed: seed, isLink: isLink, table: &table)
        case S_IFDIR where !isLink:
            // A file system that does not tell the kind in its directories.
            descend(pointer, name, in: directory, seed: seed, depth: depth, table: &table)
        case S_IFDIR:
            if isStray || (!patterns.isEmpty && patterns.matches(path)) { return }
            if report.note(linkToDirectory: path, below: realRoot) { return }
            exclude(name, seed: seed, because: "a link to a directory", table: &table)
        default: exclude(name, seed: seed, because: "neither a file nor a directory", table: &table)
        }
    }

    private mutating func descend(
        _ pointer: UnsafePointer<CChar>, _ name: UnsafeRawBufferPointer, in directory: Int32,
        seed: UInt64, depth: Int, table: inout FileTable
    ) {
        if !patterns.isEmpty, patterns.matches(path) { return }
        guard depth < Scanner.mostDepth else {
            return exclude(name, seed: seed, because: "too many directories deep", table: &table)
        }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let descriptor = openat(directory, pointer, flags)
        guard descriptor >= 0 else {
            // Renamed or removed meanwhile is normal; anything else hides files from us.
            if errno != ENOENT && errno != ENOTDIR && errno != ELOOP {
                let reason = errorText()
                noteUnreadable()
                exclude(name, seed: seed, because: reason, table: &table)
            }
            return
        }
        if !avoided.isEmpty {
            var information = stat()
            guard fstat(descriptor, &information) == 0,
                !avoided.contains(where: {
                    $0 == (UInt64(information.st_dev), UInt64(information.st_ino))
                })
            else {
                close(descriptor)
                return
            }
        }
        if isStray, faccessat(descriptor, CodeByproducts.environmentMark, F_OK, 0) == 0 {
            close(descriptor)
            return
        }
        path.append(UInt8(ascii: "/"))
        let own = FileTable.hash(name, seed: seed)
        let slash: [UInt8] = [UInt8(ascii: "/")]
        let below = slash.withUnsafeBytes { FileTable.hash($0, seed: own) }
        enter(descriptor, seed: below, depth: depth + 1, table: &table)
    }

    /// Notes that not all of the directory at `path` was seen; errno says why.
    private mutating func noteUnreadable() {
        let reason = errorText()
        report.unread.append("\(quoted(String(decoding: path, as: UTF8.self))): \(reason)")
    }

    /// Replaces `information` by that of the link's target; gives the reason where it is not ours.
    private func resolveLink(
        _ pointer: UnsafePointer<CChar>, in directory: Int32, _ information: inout stat
    ) -> String? {
        let below = String(
            decoding: path[(path.firstIndex(of: UInt8(ascii: "/")) ?? 0)...], as: UTF8.self)
        guard let target = realPath(realRoot + below) else { return "a link to nothing" }
        guard target.utf8.starts(with: "\(realRoot)/".utf8) else { return "a link out of the tree" }
        guard fstatat(directory, pointer, &information, 0) == 0 else { return "a link to nothing" }
        return nil
    }

    private mutating func record(
        _ information: stat, _ name: UnsafeRawBufferPointer, in directory: Int32, seed: UInt64,
        isLink: Bool, table: inout FileTable
    ) {
        let hash = FileTable.hash(name, seed: seed)
        let (index, isNew) = path.withUnsafeBytes { table.insert($0, hash: hash) }
        if isNew { classify(index, table: &table) }
        Scanner.record(information, index, isLink: isLink, scan: number, table: &table) { former in
            isYounger(name, in: directory, than: former)
        }
        if table.flags(index).contains(.excluded) { return }
        if !isStray { report.files += 1 }
        if table[index].isPending { pending.append(index) }
    }

    /// Decides once for each path whether it can go up at all.
    private mutating func classify(_ index: Int, table: inout FileTable) {
        if !patterns.isEmpty, patterns.matches(path) {
            table[index].flags.insert(.excluded)
        } else if let objection = Self.objection(to: path) {
            table[index].flags.insert(.excluded)
            report.skipped.append("\(quoted(table.path(index))) \(objection)")
        }
    }

    private static func objection(to path: [UInt8]) -> String? {
        guard let text = String(validating: path, as: UTF8.self) else { return "is not UTF-8" }
        return ManifestPath.objection(to: text)
    }

    private func isYounger(
        _ name: UnsafeRawBufferPointer, in directory: Int32, than former: FileVersion
    ) -> Bool {
        guard let pointer = name.baseAddress?.assumingMemoryBound(to: CChar.self) else {
            return false
        }
        return cposix_birth_time(directory, pointer) > former.ctime
    }

    /// Says once why this path never goes up.
    private mutating func exclude(
        _ name: UnsafeRawBufferPointer, seed: UInt64, because reason: String,
        table: inout FileTable
    ) {
        // Links of code and of loggers lead anywhere, and hold nothing themselves.
        if isStray, reason.hasPrefix("a link") || reason.hasPrefix("neither") { return }
        let hash = FileTable.hash(name, seed: seed)
        let (index, _) = path.withUnsafeBytes { table.insert($0, hash: hash) }
        table[index].seen = number
        let isKnown = !table[index].flags.isDisjoint(with: [.unsupported, .excluded])
        if isKnown || (!patterns.isEmpty && patterns.matches(path)) { return }
        table[index].flags.insert(.unsupported)
        report.skipped.append("\(quoted(table.path(index))) is \(reason)")
    }

    private func isDots(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count <= 2 && name.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// Where the name is in the entry itself, without a copy.
    private func nameBytes(of entry: UnsafeMutablePointer<dirent>) -> UnsafeRawBufferPointer {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        let start = UnsafeRawPointer(entry) + offset
        return UnsafeRawBufferPointer(
            start: start, count: strlen(start.assumingMemoryBound(to: CChar.self)))
    }
}
