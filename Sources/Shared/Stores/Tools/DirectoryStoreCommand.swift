/// What `train file-store …` and `train-agent file-store …` do: the child side of `DirectoryStore`.
///
/// Internal, so it is in no help text. Errors and entries left out go to stderr, line by line.
package enum DirectoryStoreCommand {
    /// The first argument that brings a program here.
    package static let name = "file-store"
    /// The exit status for a missing object or directory.
    static let missing: Int32 = 3
    static let errorMark = "error: "
    static let hintMark = "hint: "

    /// One line of a listing.
    struct Listed: Codable {
        var path: String
        var size: Int64
        /// nil where sizes alone were asked for.
        var crc32c: UInt32?
    }

    /// Runs what stands after `file-store`, and gives the exit status.
    package static func run(_ arguments: [String]) -> Int32 {
        do {
            return try perform(arguments)
        } catch let failure as Failure {
            complain(errorMark + failure.summary)
            if let hint = failure.hint { complain(hintMark + hint) }
            return failure.exit
        } catch {
            complain(errorMark + "\(error)")
            return ExitCode.failed.rawValue
        }
    }

    private static func perform(_ arguments: [String]) throws -> Int32 {
        switch (arguments.first, Array(arguments.dropFirst())) {
        case ("upload", let paths) where paths.count == 2:
            return try TreeCopy(from: paths[0], to: paths[1]).run(report: complain)
        case ("download", let paths) where paths.count == 2:
            guard isDirectory(paths[0]) else { return missing }
            return try TreeCopy(from: paths[0], to: paths[1]).run(report: complain)
        case ("copy", let paths) where paths.count == 2:
            return try copy(below: paths[0], to: paths[1])
        case ("put", let paths) where paths.count == 2:
            return try copyFile(paths[0], to: paths[1])
        case ("get", let paths) where paths.count == 2:
            guard exists(paths[0]) else { return missing }
            return try copyFile(paths[0], to: paths[1])
        case ("range", let words) where words.count == 4:
            guard let start = Int64(words[2]), let end = Int64(words[3]), 0 <= start, start <= end
            else { throw Failure.usage("file-store: not for use by hand") }
            guard let data = try FileRange.read(start..<end, of: words[0]) else { return missing }
            try AtomicFile.write(data, to: words[1], mode: 0o600)
            return 0
        case ("list", let paths) where paths.count == 1:
            return try list(paths[0], withChecksums: true)
        case ("sizes", let paths) where paths.count == 1:
            return try list(paths[0], withChecksums: false)
        case ("delete", let paths) where paths.count == 1:
            return try delete(below: paths[0])
        default:
            throw Failure.usage("file-store: not for use by hand")
        }
    }

    private static func copyFile(_ source: String, to target: String) throws -> Int32 {
        try makeDirectories(parentDirectory(target))
        try WholeCopy.copy(source, to: target)
        AtomicFile.syncDirectory(parentDirectory(target))
        return 0
    }

    /// Sizes of all files, and checksums for a comparison with a manifest.
    private static func list(_ directory: String, withChecksums: Bool) throws -> Int32 {
        guard isDirectory(directory) else { return missing }
        let scan = try TreeScan(of: directory)
        scan.skipped.forEach(complain)
        let files = scan.files
        let checksums = try ParallelMap.run(files) { file in
            withChecksums ? try CRC32C.ofFile(file.source) : nil
        }
        var lines = Data()
        for (file, checksum) in zip(files, checksums) {
            lines += try JSONFormat.line(
                Listed(path: file.path, size: file.size, crc32c: checksum))
        }
        try AtomicFile.writeAll(lines, to: 1, path: "standard output")
        return 0
    }

    /// The names that come on stdin, each checked.
    private static func names() throws -> [String] {
        let input = try readFile("/dev/stdin", limit: JSONFormat.maximumManifestBytes)
        let names = try JSONFormat.decoder().decode([String].self, from: input)
        try names.forEach(RelativePath.check)
        return names
    }

    private static func copy(below directory: String, to target: String) throws -> Int32 {
        let paths = try names()
        for parent in Set(paths.map { parentDirectory("\(target)/\($0)") }) {
            try makeDirectories(parent)
        }
        _ = try ParallelMap.run(paths) { path in
            try WholeCopy.copy("\(directory)/\(path)", to: "\(target)/\(path)")
        }
        for parent in Set(paths.map { parentDirectory("\(target)/\($0)") }) {
            AtomicFile.syncDirectory(parent)
        }
        return 0
    }

    private static func delete(below directory: String) throws -> Int32 {
        for path in try names() {
            let target = "\(directory)/\(path)"
            // Neither a name below a file nor a directory is an object.
            guard unlink(target) == 0 || [ENOENT, ENOTDIR, EISDIR].contains(errno) else {
                throw systemFailure("cannot delete \(quoted(target))")
            }
            removeEmptyDirectories(above: target, upTo: directory)
        }
        return 0
    }

    /// A store has no empty directories.
    private static func removeEmptyDirectories(above path: String, upTo root: String) {
        var directory = parentDirectory(path)
        while directory.utf8.count > root.utf8.count, rmdir(directory) == 0 {
            directory = parentDirectory(directory)
        }
    }

    private static func complain(_ line: String) {
        try? AtomicFile.writeAll(Data("\(line)\n".utf8), to: 2, path: "standard error")
    }
}
