/// Copies a tree file by file, each whole or not at all, several at once.
struct TreeCopy {
    private let scan: TreeScan
    private let target: String

    init(from source: String, to target: String) throws {
        scan = try TreeScan(of: source)
        self.target = target
    }

    /// - Parameter report: told of what was left out, and of every failure but the first.
    /// - Returns: the exit status.
    /// - Throws: the first `Failure`, once everything else was tried.
    func run(report: (String) -> Void) throws -> Int32 {
        scan.skipped.forEach(report)
        try makeDirectories(target)
        let directories = try makeParents()
        let failures = try ParallelMap.run(scan.files) { file -> Failure? in
            do {
                try WholeCopy.copy(file.source, to: "\(target)/\(file.path)")
                return nil
            } catch let failure as Failure {
                return failure
            }
        }.compactMap { $0 }
        directories.forEach { AtomicFile.syncDirectory($0) }
        AtomicFile.syncDirectory(parentDirectory(target))
        guard let first = failures.first else { return 0 }
        failures.dropFirst().prefix(10).forEach {
            report(DirectoryStoreCommand.errorMark + $0.summary)
        }
        throw first
    }

    /// Makes all directories below `target` and returns them, `target` first.
    ///
    /// - Throws: `Failure` where one is a link: it would lead the copy out of the store.
    private func makeParents() throws -> [String] {
        var made = Set<[UInt8]>()
        var directories = [target]
        for file in scan.files {
            var path = ""
            for part in file.path.split(separator: "/").dropLast() {
                path += "/\(part)"
                // Bytes, since two names that differ in their bytes alone are equal as texts.
                guard made.insert(Array(path.utf8)).inserted else { continue }
                let directory = target + path
                try makeDirectory(directory)
                directories.append(directory)
            }
        }
        return directories
    }

    private func makeDirectory(_ path: String) throws {
        if mkdir(path, 0o755) == 0 { return }
        let code = errno
        var information = stat()
        guard code == EEXIST, lstat(path, &information) == 0 else {
            throw systemFailure("cannot make the directory \(quoted(path))", code: code)
        }
        guard information.st_mode & S_IFMT == S_IFDIR else {
            throw Failure("cannot make the directory \(quoted(path)): a file or link is there")
        }
    }
}
