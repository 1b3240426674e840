/// What `train file-store …` and `train-agent file-store …` do: the child side of `FileStorage`.
///
/// For our own use, hence in no help. Errors and things left out go to stderr, line by line.
package enum FileStoreCommand {
    /// The first argument that brings a program here.
    package static let name = "file-store"
    /// The exit status that says: there is no such object or directory.
    static let missing: Int32 = 3
    static let errorMark = "error: "
    static let hintMark = "hint: "

    /// One line of a listing.
    struct Listed: Codable {
        var path: String
        var size: Int64
        var crc32c: UInt32
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
        case ("put", let paths) where paths.count == 2:
            return try copyFile(paths[0], to: paths[1])
        case ("get", let paths) where paths.count == 2:
            guard exists(paths[0]) else { return missing }
            return try copyFile(paths[0], to: paths[1])
        case ("list", let paths) where paths.count == 1:
            return try list(paths[0])
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

    /// Sizes and checksums of all files: whoever lists a store wants to compare it with a manifest.
    private static func list(_ directory: String) throws -> Int32 {
        guard isDirectory(directory) else { return missing }
        let scan = try TreeScan(of: directory)
        scan.skipped.forEach(complain)
        let files = scan.files
        let checksums = try ParallelMap.run(files) { try CRC32C.ofFile($0.source) }
        var lines = Data()
        for (file, checksum) in zip(files, checksums) {
            lines += try JSONFormat.line(
                Listed(path: file.path, size: file.size, crc32c: checksum))
        }
        try AtomicFile.writeAll(lines, to: 1, path: "standard output")
        return 0
    }

    private static func delete(below directory: String) throws -> Int32 {
        let input = try readFile("/dev/stdin", limit: JSONFormat.maximumManifestBytes)
        for path in try JSONFormat.decoder().decode([String].self, from: input) {
            try RelativePath.check(path)
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
