/// The files of a directory that can be sent to a store, and why the others cannot.
///
/// A link is followed only where its target lies inside the tree: a dataset or an output directory
/// must not publish `/etc/passwd` because someone linked to it. Named pipes, sockets and devices
/// would hang a reader; a name that is not UTF-8, or has a line break in it, no store's tools carry.
package struct TreeScan: Sendable {
    package struct File: Sendable, Equatable {
        /// Below the tree, as the object is called.
        package var path: String
        /// Where the bytes are: another path than the name where links were followed.
        package var source: String
        package var size: Int64
    }

    package private(set) var files: [File] = []
    /// One line for each entry left out, with the reason.
    package private(set) var skipped: [String] = []
    /// Partial files of this engine, such as a killed writer leaves; they need no report.
    package private(set) var halfWritten: [String] = []
    /// Whether the tree itself holds just the files of this list: no links, nothing left out.
    package private(set) var isPlain = true
    /// Whether the tree has more entries than were asked for: what lies beyond is in no list.
    package private(set) var isCut = false

    private let realRoot: String
    private let mostNames: Int
    private var names = 0
    /// How often a directory was entered through a link: bounds what a farm of links can unfold.
    private var entries: [String: Int] = [:]
    private static let mostEntries = 8
    /// Directories in a path, counted from the tree's.
    static let mostDepth = 128

    /// Files that lie apart, under names that need not be their own.
    init(files: [File]) {
        self.files = files
        isPlain = false
        realRoot = ""
        mostNames = 0
    }

    /// - Parameter limit: the most names that are read, for a caller who needs no more; the tree may
    ///   be anything, such as `/`.
    /// - Throws: `Failure` if `directory` is not a directory or cannot be read.
    package init(of directory: String, limit: Int = .max) throws {
        guard let real = realPath(directory) else {
            throw systemFailure("cannot read the directory \(quoted(directory))")
        }
        realRoot = real
        mostNames = limit
        try walk(real, below: "", depth: 0)
    }

    private mutating func walk(_ directory: String, below prefix: String, depth: Int) throws {
        guard let stream = opendir(directory) else {
            if prefix.isEmpty {
                throw systemFailure("cannot read the directory \(quoted(directory))")
            }
            leaveOut(prefix, errorText())
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            guard let name = fileName(of: entry) else {
                leaveOut(prefix.isEmpty ? "a file" : "a file in \(prefix)", "not UTF-8")
                continue
            }
            guard name != ".", name != ".." else { continue }
            guard names < mostNames else {
                isCut = true
                return
            }
            names += 1
            guard !PartialFile.isPartial(name) else {
                isPlain = false
                halfWritten.append(prefix.isEmpty ? name : "\(prefix)/\(name)")
                continue
            }
            guard Self.canBeStored(name) else {
                leaveOut(prefix.isEmpty ? name : "\(prefix)/\(name)", "a control character in it")
                continue
            }
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            try add("\(directory)/\(name)", as: path, depth: depth)
        }
    }

    private mutating func add(_ source: String, as path: String, depth: Int) throws {
        var information = stat()
        // What vanished since readdir(3) was a file of someone at work: no reason to speak.
        guard lstat(source, &information) == 0 else { return }
        switch information.st_mode & S_IFMT {
        case S_IFREG:
            files.append(File(path: path, source: source, size: Int64(information.st_size)))
        case S_IFDIR where depth < Self.mostDepth:
            try walk(source, below: path, depth: depth + 1)
        case S_IFDIR:
            leaveOut(path, "more than \(Self.mostDepth) directories deep")
        case S_IFLNK:
            try follow(source, as: path, depth: depth)
        default:
            leaveOut(path, "neither a file nor a directory")
        }
    }

    private mutating func follow(_ link: String, as path: String, depth: Int) throws {
        isPlain = false
        guard let target = realPath(link) else { return leaveOut(path, "a link to nothing") }
        guard target.utf8.starts(with: "\(realRoot)/".utf8) else {
            return leaveOut(path, "a link out of the tree")
        }
        guard isDirectory(target) else { return try add(target, as: path, depth: depth) }
        // Inside the directory it points to: it would unfold for ever.
        guard !link.utf8.starts(with: "\(target)/".utf8) else {
            return leaveOut(path, "a link to a directory around it")
        }
        guard entries[target, default: 0] < Self.mostEntries else {
            return leaveOut(path, "too many links to one directory")
        }
        entries[target, default: 0] += 1
        try add(target, as: path, depth: depth)
    }

    /// Whether every store's tools carry this name: a listing is read line by line, and gsutil's
    /// rsync stops at a line break.
    package static func canBeStored(_ name: String) -> Bool {
        !name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
    }

    private mutating func leaveOut(_ what: String, _ reason: String) {
        isPlain = false
        skipped.append("\(Self.leftOutMark)\(quoted(what)): \(reason)")
    }

    /// How each line of `skipped` begins.
    static let leftOutMark = "left out "
}

/// The name in a directory entry; nil where it is not UTF-8.
func fileName(of entry: UnsafeMutablePointer<dirent>) -> String? {
    withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 1) { String(validatingCString: $0) }
    }
}

/// realpath(3); nil with errno where there is no such file.
package func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(validatingCString: resolved)
}

/// Whether `directory` has anything but directories below it, links followed.
///
/// - Throws: `Failure` naming a directory that cannot be read.
package func holdsFile(_ directory: String, depth: Int = 0) throws -> Bool {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
        throw systemFailure("cannot read \(quoted(directory))", code: EACCES)
    }
    // Files first: the answer is then found without walking through a million of them.
    let places = names.map { directory + "/" + $0 }
    if places.contains(where: { exists($0) && !isDirectory($0) }) { return true }
    guard depth < 64 else { return false }
    return try places.filter(isDirectory).contains { try holdsFile($0, depth: depth + 1) }
}
