import CPosix
import Shared

/// The directories to watch, and how their files are called in the bucket.
struct WatchRoots {
    /// `path` is what realpath(3) makes of it: the kernel reports nothing else.
    struct Root {
        var prefix: String
        var path: String
    }

    let roots: [Root]
    /// Directories inside the roots that are not part of them: the engine's own.
    private let foreign: [String]

    /// - Throws: `Failure` where a root does not exist.
    init(_ roots: [Scanner.Root], foreign: [String]) throws {
        self.roots = try roots.map { root in
            guard let path = realPath(root.directory) else {
                throw systemFailure("cannot watch \(quoted(root.directory))")
            }
            return Root(prefix: root.prefix, path: path)
        }
        self.foreign = foreign.compactMap(realPath)
    }

    /// What the directory at `path` is called in the bucket; nil where it is not watched.
    ///
    /// The innermost root counts: logs may lie inside the output directory.
    func objectPath(_ path: String) -> String? {
        let root = roots.filter { Self.isWithin(path, $0.path) }
            .max { $0.path.utf8.count < $1.path.utf8.count }
        guard let root, !isForeign(path) else { return nil }
        return root.prefix
            + String(decoding: path.utf8.dropFirst(root.path.utf8.count), as: UTF8.self)
    }

    /// Where the file or directory `name` in this directory of the bucket is on the machine.
    func path(_ object: String, _ name: String) -> String {
        for root in roots where Self.isWithin(object, root.prefix) {
            let below = String(
                decoding: object.utf8.dropFirst(root.prefix.utf8.count), as: UTF8.self)
            return "\(root.path)\(below)/\(name)"
        }
        return "\(object)/\(name)"
    }

    func isForeign(_ path: String) -> Bool { foreign.contains { Self.isWithin(path, $0) } }

    private static func isWithin(_ path: String, _ directory: String) -> Bool {
        path.utf8.starts(with: directory.utf8)
            && (path.utf8.count == directory.utf8.count
                || path.utf8.dropFirst(directory.utf8.count).first == UInt8(ascii: "/"))
    }

    /// Why events from the file system of `path` cannot be relied on; nil where they can.
    ///
    /// Other machines write to a network file system unseen, FUSE answers for them, and on an overlay
    /// a file's inode changes with its first write. Numbers: linux/magic.h, and the projects' headers.
    static func objection(to path: String) -> String? {
        var type: UInt64 = 0
        var identifier: UInt64 = 0
        let answer = withUnsafeMutableBytes(of: &identifier) { bytes in
            cposix_file_system(path, &type, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        guard answer == 0 else { return "statfs: \(errorText())" }
        return unreliable[type].map { "it lies on \($0)" }
    }

    private static let unreliable: [UInt64: String] = [
        0x6969: "NFS", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB", 0x517B: "SMB",
        0x6573_5546: "a FUSE file system", 0x0102_1997: "9P", 0x794C_7630: "an overlay",
        0x00C3_6400: "Ceph", 0x0BD0_0BD0: "Lustre", 0x4750_4653: "GPFS", 0x5346_414F: "AFS",
        0x1983_0326: "BeeGFS",
    ]
}

/// The regular files and the directories below a directory, without following links.
struct TreeListing {
    private(set) var directories: [String] = []
    private(set) var files: [String] = []
    /// There was more than the caller wanted to see.
    private(set) var isCut = false

    /// - Parameter most: of both together.
    init(below path: String, most: Int, skip: (String) -> Bool) {
        var open = [path]
        while let directory = open.popLast() {
            if skip(directory) { continue }
            directories.append(directory)
            guard directories.count + files.count <= most else {
                isCut = true
                return
            }
            add(directory, &open)
        }
    }

    private mutating func add(_ directory: String, _ open: inout [String]) {
        // Gone meanwhile: it has no files any more.
        guard let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            let path = "\(directory)/\(name)"
            switch entry.pointee.d_type {
            case UInt8(DT_DIR): open.append(path)
            case UInt8(DT_REG): files.append(path)
            case UInt8(DT_UNKNOWN):
                var information = stat()
                guard lstat(path, &information) == 0 else { continue }
                if information.st_mode & S_IFMT == S_IFDIR { open.append(path) }
                if information.st_mode & S_IFMT == S_IFREG { files.append(path) }
            default: break
            }
        }
    }
}
